# Continue's command line: it has no hooks, its sessions are read at the commit. Sourced by run.sh.
package=@continuedev/cli version=${AGENT_VERSION:-1.5.47}
hookless=yes

configure_driver() {
    mkdir -p "$home/.continue"
    cat >"$home/.continue/config.yaml" <<END
name: Scripted
version: 0.0.1
schema: v1
models:
  - name: Scripted
    provider: openai
    model: $model_name
    apiKey: none
    apiBase: $base/v1
    roles: [chat]
    capabilities: [tool_use]
END
}

start_continue() {
    prompt=$1
    set -- ${2:+--resume}
    clean CONTINUE_TELEMETRY_ENABLED=0 CONTINUE_ALLOW_ANONYMOUS_TELEMETRY=0 \
        timeout -k 5 150 cn --config "$home/.continue/config.yaml" --auto "$@" -p "$prompt"
}
