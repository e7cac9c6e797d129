{{/* The name of everything that belongs to the release; `-migration` is appended for the job's. */}}
{{- define "provisioner.fullname" -}}
{{- if contains "provisioner" .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-provisioner" .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The alerts expect the job `provisioner`, which the service monitor takes from this name: it is the same in every release. */}}
{{- define "provisioner.selector" -}}
app.kubernetes.io/name: provisioner
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "provisioner.labels" -}}
{{ include "provisioner.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "provisioner.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "provisioner.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "provisioner.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{/* The service's file. What the chart decides comes before what the values say. */}}
{{- define "provisioner.config" -}}
{{- $set := dict "http" (dict "host" "0.0.0.0" "port" 9464) "tenants_dir" "/etc/provisioner/tenants" -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $set) -}}
{{- end -}}

{{/* The same for the migration. */}}
{{- define "provisioner.migrationConfig" -}}
{{- $set := dict "http" (dict "host" "0.0.0.0" "port" 9464) "tenants_dir" "/etc/provisioner/tenants" -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) (deepCopy .Values.migration.config) $set) -}}
{{- end -}}

{{/* The service ends within `shutdown` seconds; ten more are for what the container's runtime does. */}}
{{- define "provisioner.gracePeriod" -}}
{{- add (ceil (dig "shutdown" 25 .Values.config) | int) 10 -}}
{{- end -}}

{{- define "provisioner.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "provisioner.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Variables and volumes that every container has. `.secrets`: the Secrets that are mounted; `.config`: the ConfigMap with the file. */}}
{{- define "provisioner.environment" -}}
env:
  - {name: PROVISIONER_CONFIG, value: /etc/provisioner/config/service.yaml}
{{- with .Values.environmentSecrets }}
envFrom:
  {{- range . }}
  - secretRef: {name: {{ . | quote }}}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "provisioner.mounts" -}}
- {name: config, mountPath: /etc/provisioner/config, readOnly: true}
{{- range .secrets }}
- {name: {{ printf "secret-%s" . | trunc 63 | trimSuffix "-" }}, mountPath: /run/secrets/{{ . }}, readOnly: true}
{{- end }}
{{- with .root.Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "provisioner.volumes" -}}
- name: config
  configMap: {name: {{ .config }}}
{{- range .secrets }}
- name: {{ printf "secret-%s" . | trunc 63 | trimSuffix "-" }}
  secret: {secretName: {{ . | quote }}, defaultMode: 0440}
{{- end }}
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Whom the service may reach. */}}
{{- define "provisioner.egress" -}}
{{- range $name, $protocols := dict "dns" (list "UDP" "TCP") "kafka" (list "TCP") "postgres" (list "TCP") "registry" (list "TCP") }}
{{- $rule := index $.Values.networkPolicy $name }}
- ports:
    {{- range $port := $rule.ports }}
    {{- range $protocols }}
    - {protocol: {{ . }}, port: {{ $port }}}
    {{- end }}
    {{- end }}
  {{- with $rule.to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with .Values.networkPolicy.https }}
{{- if .ports }}
- ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: {{- toYaml .except | nindent 10 }}
    - ipBlock:
        cidr: ::/0
        except: {{- toYaml .exceptIPv6 | nindent 10 }}
{{- end }}
{{- end }}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}
