local status = obj.status or {}
local phase = status.phase or "Pending"
local ended = phase == "Complete" or phase == "Failed" or phase == "Cancelled"
local suspended = obj.spec.suspend == true
local failed = phase == "Failed" or (status.models ~= nil and status.models.failed > 0)
return {
  suspend = { disabled = suspended or ended },
  resume = { disabled = not suspended },
  retry = { disabled = not failed },
}
