# GitHub Copilot CLI with a provider of one's own, without GitHub. Sourced by run.sh.
package=@github/copilot version=${AGENT_VERSION:-1.0.102}

start_copilot_cli() {
    prompt=$1
    set -- ${2:+--continue}
    # COPILOT_ALLOW_ALL trusts the folder, without which a project's hooks are left out.
    clean COPILOT_PROVIDER_BASE_URL="$base/v1" COPILOT_PROVIDER_API_KEY=none \
        COPILOT_PROVIDER_TYPE=openai COPILOT_PROVIDER_WIRE_API=completions \
        COPILOT_MODEL="$model_name" COPILOT_OFFLINE=true COPILOT_AUTO_UPDATE=false \
        COPILOT_ALLOW_ALL=true timeout -k 5 200 copilot --allow-all --no-color "$@" -p "$prompt"
}
