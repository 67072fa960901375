{{/* The common part of all names: the release, with the chart's name where the release does not say it. */}}
{{- define "hubflake.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 30 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 30 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The name of a portal's objects. Kubernetes gives a CronJob 52 characters. */}}
{{- define "hubflake.name" -}}
{{- $name := printf "%s-%s" (include "hubflake.fullname" .root) .portal -}}
{{- if gt (len $name) 52 -}}
{{- fail (printf "portals.%s: %s has more than 52 characters; shorten the portal's key." .portal $name) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "hubflake.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
hubflake/portal: {{ .portal | quote }}
{{- end -}}

{{- define "hubflake.labels" -}}
{{ include "hubflake.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/*
Two maps as one, as JSON: the second wins, maps are joined, lists are replaced. (Of mergeOverwrite, false, 0 and "" would not win.)
*/}}
{{- define "hubflake.merge" -}}
{{- $merged := deepCopy .under -}}
{{- range $key, $value := .over -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $merged $key)) -}}
{{- $_ := set $merged $key (include "hubflake.merge" (dict "under" (get $merged $key) "over" $value) | fromJson) -}}
{{- else -}}
{{- $_ := set $merged $key $value -}}
{{- end -}}
{{- end -}}
{{- toJson $merged -}}
{{- end -}}

{{/* A portal's entry with the defaults, and whether it is a service, as JSON. */}}
{{- define "hubflake.settings" -}}
{{- $settings := include "hubflake.merge" (dict "under" .root.Values.defaults "over" .given) | fromJson -}}
{{- if hasKey .given "schedule" -}}{{- $_ := unset $settings "every" -}}{{- end -}}
{{- $pipeline := include "hubflake.merge" (dict "under" (dict "name" .portal) "over" ($settings.pipeline | default dict)) | fromJson -}}
{{- range $part := list "source" "destination" -}}
{{- if not (hasKey $pipeline $part) -}}
{{- fail (printf "portals.%s.pipeline.%s is missing; defaults.pipeline has none either." $.portal $part) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $settings "pipeline" $pipeline -}}
{{- toJson $settings -}}
{{- end -}}

{{/* The Secret that a portal's environment comes from, or nothing. */}}
{{- define "hubflake.secretName" -}}
{{- $secret := .settings.secret | default dict -}}
{{- if $secret.existing -}}{{ $secret.existing }}{{- else if $secret.create -}}{{ include "hubflake.name" . }}{{- end -}}
{{- end -}}

{{/* The specification of a portal's pod, but for restartPolicy: the container as deploy/kubernetes/cronjob.yaml has it. */}}
{{- define "hubflake.pod" -}}
{{- $settings := .settings -}}
{{- $secret := include "hubflake.secretName" . -}}
automountServiceAccountToken: false
{{- with $settings.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
# After SIGTERM the step under way is finished and the state is put out.
terminationGracePeriodSeconds: 120
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
containers:
  - name: hubflake
    image: {{ printf "%s:%s" .root.Values.image.repository (.root.Values.image.tag | default .root.Chart.AppVersion) | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args:
      - sync
      - --config
      - /pipeline/pipeline.json
      {{- with $settings.every }}
      - --every
      - {{ . | quote }}
      - --listen
      - 0.0.0.0:8080
      {{- end }}
    {{- if or $secret $settings.envFrom }}
    envFrom:
      {{- with $secret }}
      - secretRef:
          name: {{ . }}
      {{- end }}
      {{- with $settings.envFrom }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- end }}
    env:
      # The root is read-only; what Snowflake's driver wants to keep at home is kept here.
      - name: HOME
        value: /tmp
      {{- with $settings.env }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: ["ALL"]
    resources:
      {{- toYaml $settings.resources | nindent 6 }}
    {{- if $settings.every }}
    ports:
      - name: http
        containerPort: 8080
    # /healthz answers 200 while every stream's last round is younger than three intervals; not before the first load is complete.
    startupProbe:
      httpGet:
        path: /healthz
        port: http
      periodSeconds: 30
      timeoutSeconds: 5
      failureThreshold: {{ div $settings.service.firstLoadSeconds 30 }}
    readinessProbe:
      httpGet:
        path: /healthz
        port: http
      periodSeconds: 15
      timeoutSeconds: 5
    # HubSpot may be out of reach for a while, which a restart does not mend: only after long.
    livenessProbe:
      httpGet:
        path: /healthz
        port: http
      periodSeconds: 60
      timeoutSeconds: 5
      failureThreshold: {{ div $settings.service.unhealthySeconds 60 }}
    {{- end }}
    volumeMounts:
      - name: pipeline
        mountPath: /pipeline
        readOnly: true
      - name: spool
        mountPath: /tmp
      {{- with $settings.volumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: pipeline
    configMap:
      name: {{ include "hubflake.name" . }}
  # Records wait here, compressed, for their commit: spool_max_mb and some room.
  - name: spool
    emptyDir:
      sizeLimit: {{ $settings.spoolSize }}
  {{- with $settings.volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $settings.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
