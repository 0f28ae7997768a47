{{/* What the schema cannot say: values that contradict each other. Included by the workload. */}}
{{- define "duet.validate" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.independentReplicas) }}
{{- fail "replicas > 1: each pod has a store of its own, and a Service would mix them. Set independentReplicas: true if clients choose the pod of each key themselves." }}
{{- end }}
{{- if and .Values.independentReplicas (ne .Values.kind "StatefulSet") }}
{{- fail "independentReplicas needs kind: StatefulSet, whose pods keep their names." }}
{{- end }}
{{- if and .Values.persistence.enabled (ne .Values.kind "StatefulSet") }}
{{- fail "persistence.enabled needs kind: StatefulSet." }}
{{- end }}
{{- if not (or .Values.resp.enabled .Values.grpc.enabled) }}
{{- fail "resp.enabled and grpc.enabled are both false: nobody could use the server." }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled }}
{{- fail "metrics.serviceMonitor and metrics.podMonitor are both enabled: each pod would be scraped twice." }}
{{- end }}
{{- if and .Values.auth.password .Values.auth.existingSecret }}
{{- fail "auth.password and auth.existingSecret are both set: only one can hold." }}
{{- end }}
{{- include "duet.validateTls" . }}
{{- include "duet.validatePorts" . }}
{{- /* The server would refuse to start. */}}
{{- $memory := get .Values.settings "grpc-max-memory-bytes" | default (include "duet.grpcMemory" .) | default "1gb" }}
{{- with get .Values.settings "grpc-max-message-bytes" }}
{{- if gt (include "duet.size" . | int64) (include "duet.size" $memory | int64) }}
{{- fail (printf "settings.grpc-max-message-bytes is %s, but all messages together may take %s: raise settings.grpc-max-memory-bytes, which is else half of what maxmemory leaves of the memory limit." (include "duet.settingText" .) (include "duet.settingText" $memory)) }}
{{- end }}
{{- end }}
{{- if and (gt (int .Values.drain.preStopSleepSeconds) 0) (not (include "duet.kubeAtLeast" (dict "root" . "version" "1.30.0"))) }}
{{- fail (printf "drain.preStopSleepSeconds needs Kubernetes 1.30; this is %s. drain.delaySeconds works everywhere." .Capabilities.KubeVersion.Version) }}
{{- end }}
{{- end }}

{{- define "duet.validateTls" -}}
{{- $tls := .Values.tls }}
{{- $manager := $tls.certManager }}
{{- if not $tls.enabled }}
{{- range $name, $said := dict "existingSecret" $tls.existingSecret "keepPlaintext" $tls.keepPlaintext
    "certManager.enabled" $manager.enabled "authClients" (ne (include "duet.tlsAuthClients" $) "no") }}
{{- if $said }}
{{- fail (printf "tls.%s is set, but tls.enabled is false: the doors would speak no TLS." $name) }}
{{- end }}
{{- end }}
{{- range $name, $_ := .Values.settings }}
{{- if hasPrefix "tls-" $name }}
{{- fail (printf "settings.%s is set, but tls.enabled is false: no door would heed it." $name) }}
{{- end }}
{{- end }}
{{- else if and $manager.enabled $tls.existingSecret }}
{{- fail "tls.existingSecret and tls.certManager.enabled are both set: the certificate comes from one of them. tls.certManager.secretName names the Secret that cert-manager makes." }}
{{- else if not (or $manager.enabled $tls.existingSecret) }}
{{- fail "tls.enabled needs a certificate: name a Secret that holds one in tls.existingSecret, or set tls.certManager.enabled." }}
{{- else if and $manager.enabled (not $manager.issuerRef.name) }}
{{- fail "tls.certManager.issuerRef.name is empty: name the Issuer or ClusterIssuer that shall sign the certificate." }}
{{- else if and $manager.enabled (not (or $manager.serviceNames $manager.dnsNames $manager.ipAddresses)) }}
{{- fail "tls.certManager.serviceNames is false, and dnsNames and ipAddresses are empty: the certificate would name nobody." }}
{{- end }}
{{- /* The server would refuse to start. */}}
{{- $versions := get .Values.settings "tls-protocols" }}
{{- if and .Values.grpc.enabled $versions (ne $versions "TLSv1.2 TLSv1.3") }}
{{- fail "settings.tls-protocols: the gRPC door speaks TLSv1.2 and TLSv1.3 whatever it says. It can restrict the Redis protocol's only, with grpc.enabled: false." }}
{{- end }}
{{- if and (not .Values.resp.enabled) (or (get .Values.settings "tls-ciphers") (get .Values.settings "tls-ciphersuites")) }}
{{- fail "settings.tls-ciphers and tls-ciphersuites are of the Redis protocol's door, and resp.enabled is false. gRPC takes the variable GRPC_SSL_CIPHER_SUITES (extraEnv)." }}
{{- end }}
{{- end }}

{{- define "duet.validatePorts" -}}
{{- $taken := dict }}
{{- range include "duet.doors" . | fromYamlArray }}
{{- $port := toString .service.port }}
{{- if hasKey $taken $port }}
{{- fail (printf "the Service's ports %s and %s are both %s." (get $taken $port) .name $port) }}
{{- end }}
{{- $_ := set $taken $port .name }}
{{- end }}
{{- end }}
