{{/* What `helm install` prints. tests/helm/run_test.py runs the commands in it. */}}
{{- define "duet.notes" -}}
{{- $name := include "duet.fullname" . -}}
{{- $n := printf "-n %s" .Release.Namespace -}}
{{- $target := ternary (printf "pod/%s-0" $name) (printf "service/%s" $name) .Values.independentReplicas -}}
{{- $doors := include "duet.doors" . | fromYamlArray -}}
Duet {{ .Values.image.tag | default .Chart.AppVersion }} is installed as {{ $name }} in the namespace {{ .Release.Namespace }}.

THE DATA LIVES IN MEMORY ONLY. Each restart of a pod begins empty: a crash, an upgrade, a changed
setting, a drained node.
{{- if .Values.persistence.enabled }} This version of Duet writes nothing to the volume at {{ .Values.persistence.mountPath }}.
{{- end }}

{{ if .Values.independentReplicas -}}
Each of the {{ .Values.replicas }} pods holds keys of its own. In the cluster, clients reach the first one at
{{- else -}}
In the cluster, clients reach it at
{{- end }}
{{ $host := printf "%s.%s.svc" $name .Release.Namespace }}
{{- if .Values.independentReplicas }}{{ $host = printf "%s-0.%s.%s.svc" $name (include "duet.headlessName" .) .Release.Namespace }}{{ end }}
{{- range $doors }}
  {{ printf "%-16s" (ternary "Redis protocol" "gRPC" (eq .protocol "resp")) }} {{ $host }}:{{ include "duet.reachedPort" (dict "root" $ "door" .) }}{{ if .tls }}, TLS{{ end }}
{{- end }}
  metrics          http://{{ include "duet.headlessName" . }}.{{ .Release.Namespace }}.svc:9121/metrics
{{- if .Values.networkPolicy.enabled }}

A NetworkPolicy lets in only whom networkPolicy.clients and networkPolicy.metrics name (unless you
changed them: pods of this namespace, and metrics also from the namespace "monitoring").
{{- if and (get .Values.settings "otlp-endpoint") (not .Values.networkPolicy.egress) }}
It lets nothing out: no span reaches {{ get .Values.settings "otlp-endpoint" }} until networkPolicy.egress does.
{{- end }}
{{- end }}

Wait until it is ready:

{{- if and (eq .Values.kind "StatefulSet") (eq .Values.updateStrategy.type "OnDelete") }}

  kubectl {{ $n }} wait pod/{{ $name }}-0 --for=condition=Ready --timeout=2m
{{- else }}

  kubectl {{ $n }} rollout status {{ .Values.kind | lower }}/{{ $name }}
{{- end }}
{{- if .Values.auth.enabled }}

The password:

  export REDISCLI_AUTH=$(kubectl {{ $n }} get secret {{ include "duet.secretName" . }} -o jsonpath='{.data.{{ .Values.auth.secretKey | replace "." "\\." }}}' | base64 -d)
{{- end }}

{{- if .Values.tls.enabled }}

The authority that signed the server's certificate. (Where the Secret has none, your system may know
it: leave --cacert away, then.)

  kubectl {{ $n }} get secret {{ include "duet.tlsSecretName" . }} -o jsonpath='{.data.{{ .Values.tls.certCAFilename | replace "." "\\." }}}' | base64 -d > ca.crt
{{- if eq (include "duet.tlsAuthClients" .) "yes" }}

Clients must show a certificate that the same authority has signed: client.crt and client.key below
stand for one of yours.
{{- end }}
{{- end }}

From this machine, while the first of these runs:

  kubectl {{ $n }} port-forward {{ $target }}{{ range $doors }} {{ .port }}:{{ include "duet.reachedPort" (dict "root" $ "door" .) }}{{ end }}
{{- range $doors }}
{{- if eq .protocol "resp" }}
{{- $redisCli := printf "redis-cli -p %v%s" .port (ternary (printf " --tls%s" (include "duet.notesTlsFlags" $)) "" .tls) }}

  {{ $redisCli }} SET greeting hello
  {{ $redisCli }} GET greeting
{{- else }}

  buf curl --protocol grpc {{ if .tls }}{{ include "duet.notesTlsFlags" $ | trim }} --servername {{ $host }}{{ else }}--http2-prior-knowledge{{ end }} {{ if $.Values.auth.enabled }}-u "default:$REDISCLI_AUTH" {{ end }}-d '{"args": ["UElORw=="]}' {{ ternary "https" "http" .tls }}://127.0.0.1:{{ .port }}/duet.v1.KeyValueService/Execute
{{- end }}
{{- end }}

Its metrics, the same way, and a status page for your browser at http://127.0.0.1:9121/:

  kubectl {{ $n }} port-forward {{ .Values.kind | lower }}/{{ $name }} 9121:9121

  curl http://127.0.0.1:9121/metrics
{{- if .Values.tests.enabled }}

Test the release:

  helm test {{ .Release.Name }} {{ $n }}
{{- end }}
{{- end }}

{{/* Where clients reach a door: at the Service's port, or at the pod's where they choose it themselves.
     Arguments: root, door. */}}
{{- define "duet.reachedPort" -}}
{{- ternary .door.port .door.service.port .root.Values.independentReplicas }}
{{- end }}

{{/* redis-cli and buf name these alike. */}}
{{- define "duet.notesTlsFlags" -}}
{{ " --cacert ca.crt" }}{{ if eq (include "duet.tlsAuthClients" .) "yes" }} --cert client.crt --key client.key{{ end }}
{{- end }}
