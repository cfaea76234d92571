# Droid, of Factory: any service that speaks OpenAI Chat may be its model; without a network it
# asks nobody who we are. Sourced by run.sh.
package=@factory/cli version=${AGENT_VERSION:-0.225.2}

# The program itself is in the package of the platform.
install_driver() {
    platform=$package-$(node -p 'process.platform + "-" + process.arch')
    npm install --silent --no-fund --no-audit --prefix "$prefix" "$platform@$version"
    mkdir -p "$prefix/bin"
    ln -sf "../node_modules/$platform/bin/droid" "$prefix/bin/droid"
}

configure_driver() {
    mkdir -p "$home/.factory"
    cat >"$home/.factory/config.json" <<END
{"custom_models": [{"model_display_name": "$model_name", "model": "$model_name",
  "base_url": "$base/v1", "api_key": "none", "provider": "generic-chat-completion-api"}]}
END
    # What it calls such a model.
    model_name=custom:$model_name-0
}

# It resumes a session only after it asked its makers' server: here each prompt begins one.
start_droid() {
    clean FACTORY_API_KEY=fk-none timeout -k 5 150 droid exec --auto high -m "$model_name" \
        --output-format stream-json "$1"
}
