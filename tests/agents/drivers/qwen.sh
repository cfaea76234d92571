# Qwen Code: any service that speaks OpenAI Chat may be its model. Sourced by run.sh.
package=@qwen-code/qwen-code version=${AGENT_VERSION:-0.15.10}

configure_driver() {
    mkdir -p "$home/.qwen"
    cat >"$home/.qwen/settings.json" <<END
{
  "security": {"auth": {"selectedType": "openai"}},
  "general": {"disableAutoUpdate": true, "enableAutoUpdate": false},
  "privacy": {"usageStatisticsEnabled": false},
  "telemetry": {"enabled": false}
}
END
}

start_qwen() {
    prompt=$1
    set -- ${2:+--continue}
    clean OPENAI_API_KEY=none OPENAI_BASE_URL="$base/v1" OPENAI_MODEL="$model_name" \
        timeout -k 5 200 qwen --approval-mode yolo --output-format stream-json "$@" -p "$prompt"
}
