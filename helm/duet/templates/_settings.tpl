{{/* The server's environment: each setting is the variable DUET_ and its name (duet-server --help). */}}

{{/* A value as the server reads it. YAML's numbers are floats here: 1000000 must not become
     1e+06, and a fraction stays one. Its yes and no are booleans. */}}
{{- define "duet.settingText" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}
{{- else if kindIs "bool" . }}{{ ternary "yes" "no" . }}
{{- else }}{{ toString . }}{{ end }}
{{- end }}

{{/* The data of the ConfigMap: what the chart decides, over what .Values.settings says. */}}
{{- define "duet.environment" -}}
{{- range $name, $value := .Values.settings }}
DUET_{{ $name | upper | replace "-" "_" }}: {{ include "duet.settingText" $value | quote }}
{{- end }}
DUET_BIND: "*,-::*"
{{- $ports := dict "DUET_RESP_PORT" "off" "DUET_GRPC_PORT" "off" }}
{{- range include "duet.doors" . | fromYamlArray }}
{{- $_ := set $ports .variable (toString .port) }}
{{- end }}
{{- range $variable := list "DUET_RESP_PORT" "DUET_GRPC_PORT" "DUET_TLS_PORT" "DUET_GRPC_TLS_PORT" }}
{{- with get $ports $variable }}
{{ $variable }}: {{ . | quote }}
{{- end }}
{{- end }}
DUET_ADMIN_PORT: "9121"
DUET_DRAIN_DELAY: {{ mulf .Values.drain.delaySeconds 1000 | int64 | quote }}
DUET_DRAIN_TIMEOUT: {{ mulf .Values.drain.timeoutSeconds 1000 | int64 | quote }}
{{- with include "duet.threads" . }}
DUET_THREADS: {{ . | quote }}
{{- end }}
{{- with include "duet.maxmemory" . }}
DUET_MAXMEMORY: {{ . | quote }}
{{- end }}
{{- with include "duet.grpcMemory" . }}
DUET_GRPC_MAX_MEMORY_BYTES: {{ . | quote }}
{{- end }}
{{- if .Values.auth.enabled }}
DUET_REQUIREPASS_FILE: /etc/duet/secret/password
{{- end }}
{{- if .Values.tls.enabled }}
{{ include "duet.tlsEnvironment" . }}
{{- end }}
{{- end }}
