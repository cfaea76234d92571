# Gemini CLI: its service may be anywhere. Sourced by run.sh.
package=@google/gemini-cli version=${AGENT_VERSION:-0.61.0}

configure_driver() {
    # Its shell runs git without the user's own settings.
    clean git config user.name Dev
    clean git config user.email dev@example.com
    mkdir -p "$home/.gemini"
    # A person has agreed to the folder, and to keys.
    cat >"$home/.gemini/settings.json" <<END
{
  "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": false}},
  "general": {"enableAutoUpdate": false},
  "privacy": {"usageStatisticsEnabled": false},
  "telemetry": {"enabled": false}
}
END
}

start_gemini() {
    prompt=$1
    set -- ${2:+--resume latest}
    clean GEMINI_API_KEY=none GOOGLE_GEMINI_BASE_URL="$base" timeout -k 5 200 gemini \
        --approval-mode yolo --output-format stream-json -m "$model_name" "$@" -p "$prompt"
}
