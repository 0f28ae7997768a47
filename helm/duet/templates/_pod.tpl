{{/* The template of a pod, of a Deployment and of a StatefulSet. */}}
{{- define "duet.podTemplate" -}}
metadata:
  labels:
    {{- include "duet.selectorLabels" . | nindent 4 }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    {{- with merge (dict) .Values.podLabels .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    {{- /* New settings reach the server by a restart, which empties the store. */}}
    checksum/config: {{ include "duet.environment" . | sha256sum }}
    {{- if .Values.metrics.podAnnotations }}
    prometheus.io/scrape: "true"
    prometheus.io/port: "9121"
    prometheus.io/path: /metrics
    {{- end }}
    {{- with merge (dict) .Values.podAnnotations .Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "duet.serviceAccountName" . }}
  automountServiceAccountToken: false
  {{- /* Kubernetes would say DUET_PORT=tcp://... of a Service named duet: our own settings' names. */}}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "duet.gracePeriod" . }}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  containers:
    {{- include "duet.container" . | nindent 4 }}
    {{- with .Values.extraContainers }}
    {{- tpl (toYaml .) $ | nindent 4 }}
    {{- end }}
  {{- with include "duet.volumes" . | trim }}
  {{- nindent 2 . }}
  {{- end }}
  {{- with include "duet.scheduling" . | trim }}
  {{- nindent 2 . }}
  {{- end }}
{{- end }}

{{- define "duet.container" -}}
- name: duet
  image: {{ include "duet.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  {{- with .Values.extraArgs }}
  args:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  envFrom:
    - configMapRef:
        name: {{ include "duet.fullname" . }}
    {{- with .Values.extraEnvFrom }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.extraEnv }}
  env:
    {{- tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  ports:
    {{- range include "duet.doors" . | fromYamlArray }}
    - name: {{ .name }}
      containerPort: {{ .port }}
      protocol: TCP
    {{- end }}
    - name: admin
      containerPort: 9121
      protocol: TCP
  {{- range $name, $path := dict "startup" "/livez" "liveness" "/livez" "readiness" "/readyz" }}
  {{- $probe := get $.Values.probes $name }}
  {{- if $probe.enabled }}
  {{ $name }}Probe:
    httpGet:
      path: {{ $path }}
      port: admin
    {{- omit $probe "enabled" | toYaml | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if gt (int .Values.drain.preStopSleepSeconds) 0 }}
  lifecycle:
    preStop:
      sleep:
        seconds: {{ .Values.drain.preStopSleepSeconds }}
  {{- end }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if or .Values.auth.enabled .Values.tls.enabled .Values.persistence.enabled .Values.extraVolumeMounts }}
  volumeMounts:
    {{- if .Values.auth.enabled }}
    - name: secret
      mountPath: /etc/duet/secret
      readOnly: true
    {{- end }}
    {{- if .Values.tls.enabled }}
    - name: tls
      mountPath: /etc/duet/tls
      readOnly: true
    {{- end }}
    {{- if .Values.persistence.enabled }}
    - name: data
      mountPath: {{ .Values.persistence.mountPath }}
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}

{{- define "duet.volumes" -}}
{{- if or .Values.auth.enabled .Values.tls.enabled .Values.extraVolumes }}
volumes:
  {{- if .Values.auth.enabled }}
  - name: secret
    secret:
      secretName: {{ include "duet.secretName" . }}
      {{- /* Root's, readable by fsGroup. */}}
      defaultMode: 0440
      items:
        - key: {{ .Values.auth.secretKey }}
          path: password
  {{- end }}
  {{- if .Values.tls.enabled }}
  {{- include "duet.tlsVolume" . | nindent 2 }}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- tpl (toYaml .) $ | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "duet.scheduling" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- tpl (toYaml .) $ | nindent 2 }}
{{- end }}
{{- $spread := .Values.topologySpreadConstraints }}
{{- if and (kindIs "invalid" $spread) (gt (int .Values.replicas) 1) }}
{{- $spread = list
    (dict "maxSkew" 1 "topologyKey" "topology.kubernetes.io/zone" "whenUnsatisfiable" "ScheduleAnyway")
    (dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway") }}
{{- end }}
{{- with $spread }}
topologySpreadConstraints:
  {{- range . }}
  {{- $own := dict "labelSelector" (dict "matchLabels" (include "duet.selectorLabels" $ | fromYaml)) }}
  - {{ merge (dict) . $own | toYaml | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.schedulerName }}
schedulerName: {{ . }}
{{- end }}
{{- end }}
