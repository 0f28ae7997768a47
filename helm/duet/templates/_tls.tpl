{{/* The certificate of the doors with TLS: where it is, and what cert-manager shall make. */}}

{{- define "duet.tlsSecretName" -}}
{{- if .Values.tls.certManager.enabled }}
{{- default (printf "%s-tls" (include "duet.fullname" .)) .Values.tls.certManager.secretName }}
{{- else }}
{{- .Values.tls.existingSecret }}
{{- end }}
{{- end }}

{{/* no, yes or optional; YAML takes the first two for booleans. */}}
{{- define "duet.tlsAuthClients" -}}
{{- include "duet.settingText" .Values.tls.authClients }}
{{- end }}

{{- define "duet.tlsEnvironment" -}}
DUET_TLS_CERT_FILE: /etc/duet/tls/tls.crt
DUET_TLS_KEY_FILE: /etc/duet/tls/tls.key
DUET_TLS_AUTH_CLIENTS: {{ include "duet.tlsAuthClients" . | quote }}
{{- if ne (include "duet.tlsAuthClients" .) "no" }}
DUET_TLS_CA_CERT_FILE: /etc/duet/tls/ca.crt
{{- end }}
{{- end }}

{{/* The volume is mounted as a whole: the kubelet renews no file that is mounted by subPath. */}}
{{- define "duet.tlsVolume" -}}
- name: tls
  secret:
    secretName: {{ include "duet.tlsSecretName" . }}
    defaultMode: 0440
    items:
      - key: {{ .Values.tls.certFilename }}
        path: tls.crt
      - key: {{ .Values.tls.certKeyFilename }}
        path: tls.key
      {{- if ne (include "duet.tlsAuthClients" .) "no" }}
      - key: {{ .Values.tls.certCAFilename }}
        path: ca.crt
      {{- end }}
{{- end }}

{{/* The names by which clients in the cluster, or a port-forward, reach the server. */}}
{{- define "duet.tlsServiceNames" -}}
{{- $services := list (include "duet.headlessName" .) }}
{{- if not .Values.independentReplicas }}
{{- $services = prepend $services (include "duet.fullname" .) }}
{{- end }}
{{- range $services }}
- {{ . }}
{{- end }}
{{- if eq .Values.kind "StatefulSet" }}
{{- /* OpenSSL heeds no * that a single label follows: clients name pods with the namespace. */}}
{{- $services = append $services (printf "*.%s" (include "duet.headlessName" .)) }}
{{- end }}
{{- range $services }}
- {{ printf "%s.%s" . $.Release.Namespace | quote }}
- {{ printf "%s.%s.svc" . $.Release.Namespace | quote }}
- {{ printf "%s.%s.svc.%s" . $.Release.Namespace $.Values.tls.certManager.clusterDomain | quote }}
{{- end }}
- localhost
{{- end }}
