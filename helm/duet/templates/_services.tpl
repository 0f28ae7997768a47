{{/* What the two Services share. */}}

{{/* The ports of the open doors. Arguments: root, nodePorts. */}}
{{- define "duet.doorPorts" -}}
{{- range $door := list "resp" "grpc" }}
{{- if (get $.root.Values $door).enabled }}
{{- with get $.root.Values.service $door }}
- name: {{ $door }}
  port: {{ .port }}
  targetPort: {{ $door }}
  protocol: TCP
  appProtocol: {{ .appProtocol }}
  {{- if and $.nodePorts .nodePort }}
  nodePort: {{ .nodePort }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "duet.ipFamilies" -}}
{{- with .Values.service.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.service.ipFamilies }}
ipFamilies:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
