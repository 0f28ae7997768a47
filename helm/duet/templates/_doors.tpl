{{/* The doors that are open, which all else follows from: a list of maps, fromYamlArray reads it.
       protocol     resp or grpc, the name of the values
       name         of the port: resp and grpc speak no TLS, resp-tls and grpc-tls nothing else
       variable     of the server's environment, which takes the number
       port         of the container
       service      the port's values within those of the Service: port, nodePort
       appProtocol  of the Service's port
     TLS takes the usual ports, unless tls.keepPlaintext leaves them to doors without. */}}
{{- define "duet.doors" -}}
{{- $tls := .Values.tls }}
{{- range $door := list
    (dict "protocol" "resp" "port" 6379 "tlsPort" 6380 "variable" "DUET_RESP_PORT" "tlsVariable" "DUET_TLS_PORT")
    (dict "protocol" "grpc" "port" 50051 "tlsPort" 50052 "variable" "DUET_GRPC_PORT" "tlsVariable" "DUET_GRPC_TLS_PORT") }}
{{- if (get $.Values $door.protocol).enabled }}
{{- $service := get $.Values.service $door.protocol }}
{{- if or (not $tls.enabled) $tls.keepPlaintext }}
- protocol: {{ $door.protocol }}
  name: {{ $door.protocol }}
  tls: false
  variable: {{ $door.variable }}
  port: {{ $door.port }}
  service: {{ pick $service "port" "nodePort" | toJson }}
  appProtocol: {{ $service.appProtocol }}
{{- end }}
{{- if $tls.enabled }}
- protocol: {{ $door.protocol }}
  name: {{ $door.protocol }}-tls
  tls: true
  variable: {{ $door.tlsVariable }}
  port: {{ ternary $door.tlsPort $door.port $tls.keepPlaintext }}
  service: {{ pick (ternary $service.tls $service $tls.keepPlaintext) "port" "nodePort" | toJson }}
  appProtocol: {{ $service.tls.appProtocol }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The ports of a Service. Arguments: root, nodePorts. */}}
{{- define "duet.doorPorts" -}}
{{- range include "duet.doors" .root | fromYamlArray }}
- name: {{ .name }}
  port: {{ .service.port }}
  targetPort: {{ .name }}
  protocol: TCP
  appProtocol: {{ .appProtocol }}
  {{- if and $.nodePorts .service.nodePort }}
  nodePort: {{ .service.nodePort }}
  {{- end }}
{{- end }}
{{- end }}
