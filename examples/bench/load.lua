-- Requests for wrk, from a file: a line is METHOD, PATH, VERSION, BODY with tabs between. POSTs get a key of their own
-- each; VERSION goes into If-Match, one more for each time the file was used up. At the end one line of JSON follows
-- on standard error.
local token, run = os.getenv("BENCH_TOKEN"), os.getenv("BENCH_RUN")
local lines, at, asked = {}, 0, false

function init()
  for line in io.lines(os.getenv("BENCH_LINES")) do
    local method, path, version, body = line:match("^(%S+)\t(%S+)\t(%S*)\t(.*)$")
    if method == "GET" then
      lines[#lines + 1] = wrk.format(method, path, { Authorization = "Bearer " .. token })
    else
      lines[#lines + 1] = { method = method, path = path, version = tonumber(version), body = body }
    end
  end
end

function request()
  local line = lines[at % #lines + 1]
  local round = math.floor(at / #lines)
  -- wrk asks for one request that it never sends, to see whether there are several in it.
  if asked then at = at + 1 else asked = true end
  if type(line) == "string" then return line end
  local headers = {
    Authorization = "Bearer " .. token,
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = run .. "-" .. at,
  }
  if line.version then headers["If-Match"] = string.format('"%d"', line.version + round) end
  return wrk.format(line.method, line.path, headers, line.body)
end

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
