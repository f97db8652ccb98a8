{{- define "keyblock.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "keyblock.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "keyblock.serverSelector" -}}
{{ include "keyblock.selector" . }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "keyblock.labels" -}}
{{ include "keyblock.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "keyblock.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- /* Refuses values that would start a service that can't work. */ -}}
{{- define "keyblock.check" -}}
{{- if not (or .Values.database.url .Values.database.urlSecret.name) -}}
{{- fail "Set database.url or database.urlSecret.name: the chart needs PostgreSQL, and does not run the embedded database" -}}
{{- end -}}
{{- if and .Values.database.url .Values.database.urlSecret.name -}}
{{- fail "Set only one of database.url and database.urlSecret.name" -}}
{{- end -}}
{{- if and .Values.masterKey.components .Values.masterKey.token -}}
{{- fail "Set only one of masterKey.components and masterKey.token" -}}
{{- end -}}
{{- if eq (len .Values.masterKey.components) 1 -}}
{{- fail "Set two or more masterKey.components, or masterKey.secret: a single component is the whole key" -}}
{{- end -}}
{{- if and .Values.jobs.auditExport.enabled (not .Values.jobs.auditExport.claim) -}}
{{- fail "Set jobs.auditExport.claim to the PersistentVolumeClaim for the exports" -}}
{{- end -}}
{{- if and .Values.jobs.backup.enabled (not .Values.jobs.backup.claim) -}}
{{- fail "Set jobs.backup.claim to the PersistentVolumeClaim for the backups" -}}
{{- end -}}
{{- end -}}

{{- /* The environment of the service, which its commands need too. */ -}}
{{- define "keyblock.env" -}}
{{- if .Values.database.url }}
- name: DATABASE_URL
  value: {{ .Values.database.url | quote }}
{{- else }}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef: { name: {{ .Values.database.urlSecret.name }}, key: {{ .Values.database.urlSecret.key }} }
{{- end }}
{{- if .Values.database.passwordSecret.name }}
- name: PGPASSFILE
  value: /run/secrets/database/pgpass
{{- end }}
{{- if .Values.masterKey.token }}
- name: KEYBLOCK_MASTER_KEY_TOKEN
  value: {{ .Values.masterKey.token | quote }}
{{- else if .Values.masterKey.components }}
- name: KEYBLOCK_MASTER_KEY_COMPONENT_FILES
  value: {{ range $i, $component := .Values.masterKey.components }}{{ if $i }},{{ end }}/run/secrets/component-{{ add $i 1 }}/component{{ end }}
{{- else }}
- name: KEYBLOCK_MASTER_KEY_FILE
  value: /run/secrets/master-key/master-key
{{- end }}
- name: KEYBLOCK_ACCESS_KEY_ID
  value: {{ .Values.rootAccessKey.id | quote }}
- name: KEYBLOCK_SECRET_ACCESS_KEY_FILE
  value: /run/secrets/root-access-key/secret-access-key
- name: KEYBLOCK_REGION
  value: {{ first .Values.regions | quote }}
- name: KEYBLOCK_REGIONS
  value: {{ join "," .Values.regions | quote }}
- name: KEYBLOCK_ACCOUNT_ID
  value: {{ .Values.accountId | quote }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "keyblock.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret.name }}
    defaultMode: 288 # 0440
    items:
      - key: {{ .secret.key }}
        path: {{ .path }}
{{- end -}}

{{- define "keyblock.volumes" -}}
{{- if .Values.database.passwordSecret.name }}
{{ include "keyblock.secretVolume" (dict "name" "database" "secret" .Values.database.passwordSecret "path" "pgpass") }}
{{- end }}
{{- if .Values.masterKey.components }}
{{- range $i, $component := .Values.masterKey.components }}
{{ include "keyblock.secretVolume" (dict "name" (printf "component-%d" (add $i 1)) "secret" $component "path" "component") }}
{{- end }}
{{- else if not .Values.masterKey.token }}
{{ include "keyblock.secretVolume" (dict "name" "master-key" "secret" .Values.masterKey.secret "path" "master-key") }}
{{- end }}
{{ include "keyblock.secretVolume" (dict "name" "root-access-key" "secret" .Values.rootAccessKey.secret "path" "secret-access-key") }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "keyblock.mounts" -}}
{{- if .Values.database.passwordSecret.name }}
- { name: database, mountPath: /run/secrets/database, readOnly: true }
{{- end }}
{{- if .Values.masterKey.components }}
{{- range $i, $component := .Values.masterKey.components }}
- { name: component-{{ add $i 1 }}, mountPath: /run/secrets/component-{{ add $i 1 }}, readOnly: true }
{{- end }}
{{- else if not .Values.masterKey.token }}
- { name: master-key, mountPath: /run/secrets/master-key, readOnly: true }
{{- end }}
- { name: root-access-key, mountPath: /run/secrets/root-access-key, readOnly: true }
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* What every pod has in common. */ -}}
{{- define "keyblock.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "keyblock.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
