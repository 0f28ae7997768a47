{{/* What the server is told about its resources: quantities of Kubernetes become its numbers.
     https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */}}

{{/* The number that a quantity stands for, with decimals: "1500m" is 1.5, "1Ki" is 1024. YAML's own
     numbers are quantities too. */}}
{{- define "duet.quantity" -}}
{{- $text := toString . }}
{{- if or (kindIs "float64" .) (kindIs "int64" .) (kindIs "int" .) }}
{{- $text = printf "%f" (float64 .) }}
{{- end }}
{{- $units := dict "m" 0.001 "" 1.0 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18
    "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0
    "Ei" 1152921504606846976.0 }}
{{- $number := regexFind "^[0-9.]+([eE][0-9]+)?" $text }}
{{- $unit := trimPrefix $number $text }}
{{- if or (not $number) (not (hasKey $units $unit)) }}
{{- fail (printf "%q is not a quantity of Kubernetes" $text) }}
{{- end }}
{{- printf "%f" (mulf (float64 $number) (get $units $unit)) }}
{{- end }}

{{/* The bytes that a size of the server's settings stands for: "700mb", "1g", 1000. */}}
{{- define "duet.size" -}}
{{- $text := include "duet.settingText" . | lower }}
{{- $units := dict "" 1 "b" 1 "k" 1000 "kb" 1024 "m" 1000000 "mb" 1048576 "g" 1000000000 "gb" 1073741824 }}
{{- $number := regexFind "^[0-9]+" $text }}
{{- mul (int64 $number) (get $units (trimPrefix $number $text)) }}
{{- end }}

{{/* --threads, or nothing where the server shall count its cores itself. */}}
{{- define "duet.threads" -}}
{{- $resources := .Values.resources | default dict }}
{{- $cpu := coalesce (dig "limits" "cpu" nil $resources) (dig "requests" "cpu" nil $resources) }}
{{- if not (kindIs "invalid" .Values.threads) }}
{{- int64 .Values.threads }}
{{- else if $cpu }}
{{- include "duet.quantity" $cpu | float64 | ceil | int64 | max 1 | min 256 }}
{{- end }}
{{- end }}

{{/* --maxmemory, or nothing where there is no limit to take a part of. */}}
{{- define "duet.maxmemory" -}}
{{- $limit := dig "limits" "memory" nil (.Values.resources | default dict) }}
{{- if not (kindIs "invalid" .Values.maxmemory) }}
{{- include "duet.settingText" .Values.maxmemory }}
{{- else if $limit }}
{{- mulf (include "duet.quantity" $limit | float64) (float64 .Values.maxmemoryPercent) 0.01 | floor | int64 }}
{{- end }}
{{- end }}

{{/* --grpc-max-memory-bytes: half of what maxmemory leaves of the limit (where maxmemory is none, of
     what maxmemoryPercent would leave), within what the server takes. Nothing where there is no limit,
     or where the settings say it. */}}
{{- define "duet.grpcMemory" -}}
{{- $limit := dig "limits" "memory" nil (.Values.resources | default dict) }}
{{- if and $limit (not (hasKey .Values.settings "grpc-max-memory-bytes")) }}
{{- $bytes := include "duet.quantity" $limit | float64 }}
{{- $maxmemory := include "duet.size" (include "duet.maxmemory" .) | float64 }}
{{- if not $maxmemory }}
{{- $maxmemory = mulf $bytes (float64 .Values.maxmemoryPercent) 0.01 }}
{{- end }}
{{- mulf (subf $bytes $maxmemory) 0.5 | floor | int64 | max 16777216 | min 68719476736 }}
{{- end }}
{{- end }}

{{/* terminationGracePeriodSeconds: the kubelet's clock runs from before preStop until SIGKILL. */}}
{{- define "duet.gracePeriod" -}}
{{- with .Values.drain }}
{{- add (ceil .delaySeconds) (ceil .timeoutSeconds) .preStopSleepSeconds .marginSeconds }}
{{- end }}
{{- end }}
