{{/*
<release>-operator. Under an alias in a parent chart, <release>-<alias>: one release may have the chart twice.
All templates use it, and so all fail where an upgrade with --reuse-values left out the values that are new in this chart.
*/}}
{{- define "disentangled-diffusion.name" -}}
{{- if not .Values.rbac }}{{ fail "rbac is not set: these are the values of an earlier chart; upgrade with --reset-then-reuse-values instead of --reuse-values" }}{{ end -}}
{{- $base := .Values.nameOverride | default (eq .Chart.Name "disentangled-diffusion" | ternary "operator" .Chart.Name) -}}
{{- .Values.fullnameOverride | default (printf "%s-%s" .Release.Name $base) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "disentangled-diffusion.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end -}}

{{- define "disentangled-diffusion.watchNamespace" -}}
{{- tpl .Values.watchNamespace . -}}
{{- end -}}

{{- define "disentangled-diffusion.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "disentangled-diffusion.name" .) "default") -}}
{{- end -}}

{{/* A Deployment's selector cannot change: nothing that an upgrade changes may get in here. */}}
{{- define "disentangled-diffusion.selector" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "disentangled-diffusion.ownLabels" -}}
{{ include "disentangled-diffusion.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "disentangled-diffusion.labels" -}}
{{- toYaml (merge (include "disentangled-diffusion.ownLabels" . | fromYaml) (.Values.commonLabels | default dict)) -}}
{{- end -}}

{{- define "disentangled-diffusion.podLabels" -}}
{{- toYaml (merge (include "disentangled-diffusion.ownLabels" . | fromYaml) (.Values.operator.podLabels | default dict) (.Values.commonLabels | default dict)) -}}
{{- end -}}

{{/* The key `annotations` of an object's metadata; nothing where there are none. Takes (list context annotations). */}}
{{- define "disentangled-diffusion.annotations" -}}
{{- with merge (dict) (index . 1 | default dict) ((index . 0).Values.commonAnnotations | default dict) -}}
annotations: {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* An image by its digest, or else by its tag. Takes (list context image). */}}
{{- define "disentangled-diffusion.image" -}}
{{- $context := index . 0 -}}
{{- $image := index . 1 -}}
{{- $registry := dig "imageRegistry" "" ($context.Values.global | default dict) | default $image.registry -}}
{{- $tag := $image.tag | default $context.Chart.AppVersion | printf ":%s" -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $image.repository }}{{ $image.digest | empty | ternary $tag (printf "@%s" $image.digest) -}}
{{- end -}}

{{- define "disentangled-diffusion.operatorImage" -}}
{{- include "disentangled-diffusion.image" (list . .Values.operator.image) -}}
{{- end -}}

{{- define "disentangled-diffusion.trainerImage" -}}
{{- include "disentangled-diffusion.image" (list . .Values.trainer.image) -}}
{{- end -}}

{{/* Names of pull secrets, each once, separated by commas. Takes a list of lists of names or of {name}. */}}
{{- define "disentangled-diffusion.secretNames" -}}
{{- $names := list -}}
{{- range . }}{{ range . }}{{ $names = append $names (kindIs "map" . | ternary (get (kindIs "map" . | ternary . dict) "name") .) }}{{ end }}{{ end -}}
{{- $names | uniq | join "," -}}
{{- end -}}

{{- define "disentangled-diffusion.globalSecrets" -}}
{{- dig "imagePullSecrets" list (.Values.global | default dict) | default list | toJson -}}
{{- end -}}

{{- define "disentangled-diffusion.operatorSecrets" -}}
{{- include "disentangled-diffusion.secretNames" (list (include "disentangled-diffusion.globalSecrets" . | fromJsonArray) .Values.imagePullSecrets) -}}
{{- end -}}

{{- define "disentangled-diffusion.trainerSecrets" -}}
{{- include "disentangled-diffusion.secretNames" (list (include "disentangled-diffusion.globalSecrets" . | fromJsonArray) .Values.imagePullSecrets .Values.trainer.imagePullSecrets) -}}
{{- end -}}

{{/* The key `imagePullSecrets` of a pod; nothing where there are none. */}}
{{- define "disentangled-diffusion.imagePullSecrets" -}}
{{- with include "disentangled-diffusion.operatorSecrets" . -}}
imagePullSecrets:
{{- range splitList "," . }}
  - name: {{ . }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "disentangled-diffusion.ownEnv" -}}
- { name: DDR_TRAINER_IMAGE, value: {{ include "disentangled-diffusion.trainerImage" . | quote }} }
{{- with include "disentangled-diffusion.trainerSecrets" . }}
- { name: DDR_IMAGE_PULL_SECRETS, value: {{ . | quote }} }
{{- end }}
- { name: DDR_WATCH_NAMESPACE, value: {{ include "disentangled-diffusion.watchNamespace" . | quote }} }
- { name: DDR_WORKERS, value: {{ .Values.operator.workers | quote }} }
- { name: DDR_LOG_LEVEL, value: {{ .Values.operator.logLevel | quote }} }
- { name: DDR_LEASE_NAME, value: {{ include "disentangled-diffusion.name" . | quote }} }
- name: DDR_LEASE_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: DDR_IDENTITY
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
{{- end -}}

{{/* All variables of the operator. Of two with one name the later stays: a name that comes twice is refused by server-side apply. */}}
{{- define "disentangled-diffusion.env" -}}
{{- $all := concat (include "disentangled-diffusion.ownEnv" . | fromYamlArray) (.Values.operator.env | default list) (.Values.operator.extraEnv | default list) -}}
{{- $last := dict -}}
{{- range $i, $variable := $all }}{{ $_ := set $last $variable.name $i }}{{ end -}}
{{- $env := list -}}
{{- range $i, $variable := $all }}{{ if eq (get $last $variable.name) $i }}{{ $env = append $env $variable }}{{ end }}{{ end -}}
{{- toYaml $env -}}
{{- end -}}

{{/* Constraints that spread the operator's pods. */}}
{{- define "disentangled-diffusion.spread" -}}
{{- $selector := dict "labelSelector" (dict "matchLabels" (include "disentangled-diffusion.selector" . | fromYaml)) -}}
{{- $constraints := list -}}
{{- range .Values.operator.topologySpreadConstraints }}{{ $constraints = append $constraints (merge (dict) . (hasKey . "labelSelector" | ternary dict $selector)) }}{{ end -}}
{{- toYaml $constraints -}}
{{- end -}}

{{/* Name of a ClusterRole for users. Where releases watch one namespace each, those of one name may be in many namespaces. */}}
{{- define "disentangled-diffusion.userRole" -}}
{{- $context := index . 0 -}}
{{- with include "disentangled-diffusion.watchNamespace" $context }}{{ include "disentangled-diffusion.namespace" $context }}:{{ end }}{{ include "disentangled-diffusion.name" $context }}-runs-{{ index . 1 }}
{{- end -}}

{{/* <namespace>/<name> of another release that the cluster's CRD belongs to; empty where there is none. */}}
{{- define "disentangled-diffusion.crdOwner" -}}
{{- $crd := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "disentangleddiffusionruns.tspace.dev" | default dict -}}
{{- $annotations := dig "metadata" "annotations" dict $crd -}}
{{- $owner := printf "%s/%s" (get $annotations "meta.helm.sh/release-namespace") (get $annotations "meta.helm.sh/release-name") -}}
{{- if not (has $owner (list "/" (printf "%s/%s" .Release.Namespace .Release.Name))) }}{{ $owner }}{{ end -}}
{{- end -}}

{{/* The schema that this chart brings, to tell whether the cluster's is another. */}}
{{- define "disentangled-diffusion.schemaDigest" -}}
{{- .Files.Get "files/crd.yaml" | sha256sum | trunc 16 -}}
{{- end -}}

{{- define "disentangled-diffusion.clusterSchemaDigest" -}}
{{- $crd := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "disentangleddiffusionruns.tspace.dev" | default dict -}}
{{- get (dig "metadata" "annotations" dict $crd) "tspace.dev/schema" -}}
{{- end -}}
