# opencode: any service that speaks OpenAI Chat may be its model. Sourced by run.sh.
package=opencode-ai version=${AGENT_VERSION:-1.18.33}

install_driver() {
    npm install --silent --no-fund --no-audit --prefix "$prefix" "$package@$version"
    # Where npm runs no install script, the program is in the package of the platform.
    program=$(ls "$prefix"/node_modules/opencode-linux-*/bin/opencode 2>/dev/null | head -n 1)
    [ -z "$program" ] || ln -sf "$program" "$prefix/node_modules/.bin/opencode"
}

configure_driver() {
    mkdir -p "$home/.config/opencode"
    cat >"$home/.config/opencode/opencode.json" <<END
{
  "autoupdate": false,
  "share": "disabled",
  "model": "scripted/$model_name",
  "small_model": "scripted/$model_name",
  "permission": {"edit": "allow", "bash": "allow"},
  "provider": {
    "scripted": {
      "npm": "@ai-sdk/openai-compatible",
      "name": "Scripted",
      "options": {"baseURL": "$base/v1", "apiKey": "none"},
      "models": {"$model_name": {"name": "Scripted", "tool_call": true,
                                 "limit": {"context": 128000, "output": 8192}}}
    }
  }
}
END
}

start_opencode() {
    prompt=$1
    set -- ${2:+--continue}
    # Without a network it waits for one for about a minute.
    clean OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_MODELS_FETCH=1 \
        OPENCODE_DISABLE_LSP_DOWNLOAD=1 OPENCODE_DISABLE_DEFAULT_PLUGINS=1 \
        timeout -k 5 400 opencode run --format json "$@" "$prompt"
}
