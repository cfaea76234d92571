// Tells git ai-log what opencode does: prompts, edits, commands. `git ai-log install` wrote this
// file and writes it again; `git ai-log uninstall` takes it away.
import { spawn, spawnSync } from "node:child_process"

const record = "{record}"
const gate = "{gate}"
// Tools that change no file. What is not listed may change any.
const quiet = new Set({quiet})
const edits = new Set(["edit", "write", "multiedit", "patch", "apply_patch"])

// What is known of each session: the one that started it, its prompt, its model.
const sessions = new Map()

// Runs a command with this on its standard input; what it printed. Never fails, never waits long.
const run = (command, payload, cwd, wait) =>
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
      }, wait)
      child.on("error", end)
      child.on("close", end)
      child.stdin.on("error", () => {})
      child.stdout.on("data", (text) => (said += text))
      child.stdin.end(JSON.stringify(payload))
    } catch {
      done("")
    }
  })

const later = (wait) => new Promise((done) => setTimeout(done, wait).unref?.())

export const GitAiLog = async ({ client, directory, worktree }) => {
  // A session that was started before this plugin was loaded is asked for.
  const known = async (id) => {
    if (!sessions.has(id)) {
      const asked = client.session.get({ path: { id } }).catch(() => undefined)
      const answer = await Promise.race([asked, later(2000)])
      if (!sessions.has(id)) sessions.set(id, { parent: answer?.data?.parentID })
    }
    return sessions.get(id)
  }
  const root = async (id) => {
    for (let depth = 0; depth < 16; depth++) {
      const parent = (await known(id)).parent
      if (!parent) break
      id = parent
    }
    return id
  }
  const about = async (event, id, more) => {
    if (!id) throw new Error("no session")
    const main = await root(id)
    const { turn, model } = await known(id)
    const subagent = main === id ? undefined : id
    return { event, session: main, subagent, turn, model, directory, worktree, ...more }
  }
  const tell = async (payload) => {
    await run(record, payload, directory, 10000)
  }
  // Whatever goes wrong here, opencode goes on.
  const safely = (hook) => async (input, output) => {
    try {
      return await hook(input, output)
    } catch {}
  }
  const call = (event, input, args, metadata) => {
    const { output, preview, display, ...told } = metadata ?? {}
    return about(event, input.sessionID, { tool: input.tool, call: input.callID, args, metadata: told })
  }
  return {
    event: safely(async ({ event }) => {
      const info = event.properties?.info
      if (event.type === "session.created" && info?.id) {
        sessions.set(info.id, { parent: info.parentID })
      }
      const id = event.properties?.sessionID
      if (event.type === "session.idle" && sessions.get(id)?.turn && !sessions.get(id).parent) {
        // opencode does not wait for this hook: it may end as soon as it is called.
        const { turn, model } = sessions.get(id)
        const payload = { event: event.type, session: id, turn, model, directory, worktree }
        const input = JSON.stringify(payload)
        spawnSync("sh", ["-c", record], { cwd: directory, input, stdio: ["pipe", "ignore", "ignore"], timeout: 5000 })
      }
    }),
    "chat.message": safely(async (input, { message, parts }) => {
      const id = message.sessionID ?? input.sessionID
      const main = await root(id)
      const session = await known(id)
      session.model = message.model?.modelID
      // A sub-agent's task is no person's prompt: it works in the turn that started it.
      session.turn = main === id ? message.id : (await known(main)).turn
      if (main === id) {
        const texts = parts.filter((part) => part.type === "text" && !part.synthetic && !part.ignored)
        const prompt = texts.map((part) => part.text).join("\n")
        await tell(await about("chat.message", id, { prompt }))
      }
    }),
    "tool.execute.before": async (input, output) => {
      let denied
      try {
        if (quiet.has(input.tool)) return
        const payload = await call("tool.execute.before", input, output.args)
        if (input.tool === "bash" || edits.has(input.tool)) {
          const said = await run(gate, payload, directory, 10000)
          denied = said.trim() ? JSON.parse(said).deny : undefined
        }
        if (!denied) await tell(payload)
      } catch {}
      // The way in which a plugin says no.
      if (denied) throw new Error(denied)
    },
    "tool.execute.after": safely(async (input, output) => {
      if (quiet.has(input.tool)) return
      await tell(await call("tool.execute.after", input, input.args, output?.metadata))
    }),
    "shell.env": safely(async (input, output) => {
      if (input.sessionID) output.env.GIT_AI_LOG_OPENCODE_SESSION = await root(input.sessionID)
    }),
  }
}
