# Mistral Vibe: it needs Python 3.12 or newer; PYTHON312 names one. Sourced by run.sh.
package=mistral-vibe version=${AGENT_VERSION:-3.0.2}

# A Python that is new enough, wherever it lies.
new_python() {
    for python in "${PYTHON312:-}" python3 python3.14 python3.13 python3.12 \
        "$HOME"/.pyenv/versions/3.1[2-9].*/bin/python3; do
        [ -n "$python" ] && command -v "$python" >/dev/null || continue
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || continue
        echo "$python"
        return
    done
}

install_driver() {
    python=$(new_python)
    [ -n "$python" ] || fail "Mistral Vibe needs Python 3.12; name one with PYTHON312"
    "$python" -m venv "$prefix"
    "$prefix/bin/pip" install --quiet "$package==$version"
}

configure_driver() {
    mkdir -p "$home/.vibe"
    cat >"$home/.vibe/config.toml" <<END
active_model = "scripted"
enable_telemetry = false
enable_update_checks = false
enable_auto_update = false

[[providers]]
name = "scripted"
api_base = "$base/v1"
api_key_env_var = "MISTRAL_API_KEY"
api_style = "openai"
backend = "generic"

[[models]]
name = "$model_name"
provider = "scripted"
alias = "scripted"
END
}

start_vibe() {
    prompt=$1
    set -- ${2:+--continue}
    # The hooks of a project run only in a folder that is trusted.
    clean MISTRAL_API_KEY=none timeout -k 5 150 vibe --auto-approve --trust --output streaming \
        "$@" -p "$prompt"
}
