# Cline's command line: any service that speaks OpenAI Chat may be its model. Sourced by run.sh.
package=cline version=${AGENT_VERSION:-3.0.65}

cline_with() {
    clean CLINE_TELEMETRY_DISABLED=1 CLINE_NO_AUTO_UPDATE=1 timeout -k 5 150 cline "$@"
}

configure_driver() {
    cline_with auth openai -k none -b "$base/v1" -m "$model_name" >"$logs/auth.log" 2>&1 </dev/null ||
        fail "cline auth failed: $(cat "$logs/auth.log")"
}

# It resumes a session in a terminal only: here each prompt begins one.
start_cline() {
    cline_with --json --auto-approve true -P openai -m "$model_name" -t 120 "$1"
}
