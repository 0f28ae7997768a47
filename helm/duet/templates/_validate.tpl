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
{{- if and (gt (int .Values.drain.preStopSleepSeconds) 0) (not (include "duet.kubeAtLeast" (dict "root" . "version" "1.30.0"))) }}
{{- fail (printf "drain.preStopSleepSeconds needs Kubernetes 1.30; this is %s. drain.delaySeconds works everywhere." .Capabilities.KubeVersion.Version) }}
{{- end }}
{{- end }}
