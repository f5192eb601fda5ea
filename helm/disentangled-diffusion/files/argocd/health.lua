-- A run that is at work is Progressing, as a Job is; one that no pod can start for is Degraded, since nothing here has a timeout.
local words = {
  Pending = "Progressing", Preparing = "Progressing", Training = "Progressing", Aggregating = "Progressing",
  Sampling = "Progressing", Evaluating = "Progressing", Blocked = "Degraded", Failed = "Degraded",
  Suspended = "Suspended", Cancelled = "Healthy", Complete = "Healthy",
}

local status = obj.status
if status == nil or status.phase == nil then
  return { status = "Progressing", message = "The operator has not seen the run yet." }
end
if obj.metadata.generation ~= nil and status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not seen the change yet." }
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local stalled, ready = conditions.Stalled, conditions.Ready
if stalled ~= nil and stalled.status == "True" then
  return { status = "Degraded", message = stalled.reason .. ": " .. stalled.message }
end

local message = status.phase
if ready ~= nil then
  message = ready.message
end
if words[status.phase] == "Progressing" and status.models ~= nil then
  message = message .. " Models trained: " .. status.models.summary .. "."
end
return { status = words[status.phase] or "Progressing", message = message }
