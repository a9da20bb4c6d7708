-- Asks for addresses in turn, each with its token if it has one; for wrk: -- ADDRESSES
-- ADDRESSES is a file with an address a line, and after a tab the access token.

local asked = {}
local turn = 0

function init(args)
   for line in io.lines(args[1]) do
      local path, token = line:match("^(%S+)\t?(.*)$")
      local headers = { Host = wrk.headers["Host"] }
      if token ~= "" then
         headers["Authorization"] = "Bearer " .. token
      end
      table.insert(asked, wrk.format("GET", path, headers))
   end
end

function request()
   turn = turn % #asked + 1
   return asked[turn]
end

function done(summary, latency)
   local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
   io.write(string.format(
      '\nRESULT {"seconds": %f, "requests": %d, "refused": %d, "broken": %d, "p50_ms": %f, "p99_ms": %f}\n',
      summary.duration / 1e6, summary.requests, summary.errors.status, broken,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
