// @i-know-the-amp-plugin-api-is-wip-and-very-experimental-right-now
// Tells git ai-log what Amp does: prompts, edits, commands. `git ai-log install` wrote this file and
// writes it again; `git ai-log uninstall` takes it away. Older versions of Amp want the first line.
import { spawn } from "node:child_process"

const record = "{record}"
const gate = "{gate}"
// Tools that change no file. What is not listed may change any.
const quiet = new Set({quiet})

// Runs a command with this on its standard input; what it printed. Never fails, never waits long.
const run = (command, payload, cwd) =>
  new Promise((done) => {
    try {
      const child = spawn("sh", ["-c", command], { cwd, stdio: ["pipe", "pipe", "ignore"] })
      let said = ""
      const end = () => {
        clearTimeout(timer)
        done(said)
      }
      const timer = setTimeout(() => {
        child.kill("SIGKILL")
        end()
      }, 10000)
      child.on("error", end)
      child.on("close", end)
      child.stdin.on("error", () => {})
      child.stdout.on("data", (text) => (said += text))
      child.stdin.end(JSON.stringify(payload))
    } catch {
      done("")
    }
  })

export default function (amp) {
  // The message with the prompt that each thread is at.
  const turns = new Map()
  const folder = () => {
    try {
      const root = amp.system?.workspaceRoot
      if (root) return amp.helpers.filePathFromURI(root)
    } catch {}
    return process.cwd()
  }
  const about = (name, event, more) => {
    const { id } = event.thread
    return { event: name, thread: { id }, turn: turns.get(id), cwd: folder(), ...more }
  }
  const tell = (payload) => run(record, payload, payload.cwd)
  const ask = async (payload) => {
    const said = await run(gate, payload, payload.cwd)
    return said.trim() ? JSON.parse(said) : undefined
  }
  // Whatever goes wrong here, Amp goes on, with this answer.
  const on = (name, answer, hook) =>
    amp.on(name, async (event) => {
      try {
        return (await hook(event)) ?? answer
      } catch {
        return answer
      }
    })
  const call = ({ toolUseID, tool, input }) => ({ toolUseID, tool, input })

  on("session.start", undefined, async (event) => {
    await tell(about("session.start", event))
  })
  on("agent.start", {}, async (event) => {
    // What the gate had to say is no prompt: it belongs to the one before it.
    if (event.message.startsWith("git ai-log: ")) return
    turns.set(event.thread.id, event.id)
    await tell(about("agent.start", event, { message: event.message }))
  })
  on("tool.call", { action: "allow" }, async (event) => {
    if (quiet.has(event.tool)) return
    const payload = about("tool.call", event, call(event))
    const answer = await ask(payload)
    if (answer?.deny) return { action: "reject-and-continue", message: answer.deny }
    await tell(payload)
  })
  on("tool.result", undefined, async (event) => {
    if (quiet.has(event.tool)) return
    const { status, output } = event
    // Of what a tool says, only a diff is of use.
    const diff = typeof output === "string" ? output : output?.diff
    const told = typeof diff === "string" && diff.includes("@@") ? { diff } : undefined
    await tell(about("tool.result", event, { ...call(event), status, output: told }))
  })
  on("agent.end", undefined, async (event) => {
    const payload = about("agent.end", event)
    await tell(payload)
    if (event.status !== "done") return
    const answer = await ask(payload)
    if (answer?.more) return { action: "continue", userMessage: answer.more }
  })
}
