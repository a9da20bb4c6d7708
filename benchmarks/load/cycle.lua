-- Buyers fill their baskets and check out, again and again; for wrk: -- TOKENS THREADS BOOKS ADDS
-- TOKENS is a file of access tokens; each thread takes its share. A basket gets ADDS different books of 1..BOOKS.
--
-- wrk does not tell on which connection an answer came. The shop repeats the X-Request-ID, and that names the buyer.

local ffi = require("ffi")
ffi.cdef "typedef struct { long seconds, nanoseconds; } instant; int clock_gettime(int clock, instant *now);"
local MONOTONIC = 1
local now = ffi.new("instant")

local function milliseconds()
   ffi.C.clock_gettime(MONOTONIC, now)
   return tonumber(now.seconds) * 1e3 + tonumber(now.nanoseconds) / 1e6
end

local threads = {}
local buyers = {}
local line, head, tail = {}, 1, 0 -- the buyers who wait for a connection
local books, adds

checkout_times, cycle_times, answers = {}, {}, {}

local function queue(buyer)
   tail = tail + 1
   line[tail] = buyer
end

function setup(thread)
   thread:set("share", #threads)
   table.insert(threads, thread)
end

function init(args)
   local shares = tonumber(args[2])
   books, adds = tonumber(args[3]), tonumber(args[4])
   math.randomseed(os.time() + share)
   local number = 0
   for token in io.lines(args[1]) do
      if number % shares == share then
         local name = string.format("buyer-%06d", number)
         local headers = { Authorization = "Bearer " .. token, ["Content-Type"] = "application/json" }
         headers["X-Request-ID"] = name
         headers["Host"] = wrk.headers["Host"]
         buyers[name] = { headers = headers, step = 0 }
         queue(buyers[name])
      end
      number = number + 1
   end
end

local function next_in_line()
   local buyer = line[head]
   line[head] = nil
   head = head + 1
   return buyer
end

function request()
   local buyer = next_in_line()
   buyer.asked = milliseconds()
   if buyer.step == 0 then
      buyer.began, buyer.book = buyer.asked, math.random(books)
   end
   if buyer.step == adds then
      return wrk.format("POST", "/orders/checkout", buyer.headers, "{}")
   end
   local book = 1 + (buyer.book + buyer.step * (1 + buyer.book % 97)) % books
   return wrk.format("POST", "/cart/items", buyer.headers, string.format('{"book_id": %d, "quantity": 1}', book))
end

function response(status, headers)
   local answered = milliseconds()
   local buyer = buyers[headers["x-request-id"]]
   answers[tostring(status)] = (answers[tostring(status)] or 0) + 1
   if status == 201 and buyer.step < adds then
      buyer.step = buyer.step + 1
      head = head - 1 -- goes on at once: the connection that became free is the next to ask
      line[head] = buyer
      return
   end
   if status == 201 then
      table.insert(checkout_times, answered - buyer.asked)
      table.insert(cycle_times, answered - buyer.began)
   end
   buyer.step = 0
   queue(buyer)
end

local function gathered(name)
   local all = {}
   for _, thread in ipairs(threads) do
      for _, value in ipairs(thread:get(name)) do
         table.insert(all, value)
      end
   end
   table.sort(all)
   return all
end

local function percentile(sorted, share)
   return #sorted > 0 and sorted[math.ceil(#sorted * share)] or 0
end

function done(summary)
   local checkouts, cycles = gathered("checkout_times"), gathered("cycle_times")
   local counts = {}
   for _, thread in ipairs(threads) do
      for status, count in pairs(thread:get("answers")) do
         counts[status] = (counts[status] or 0) + count
      end
   end
   local told = {}
   for status, count in pairs(counts) do
      table.insert(told, string.format('"%s": %d', status, count))
   end
   local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
   io.write(string.format(
      '\nRESULT {"seconds": %f, "cycles": %d, "broken": %d, "answers": {%s}, "checkout_p50_ms": %f, "checkout_p99_ms": %f, "cycle_p50_ms": %f, "cycle_p99_ms": %f}\n',
      summary.duration / 1e6, #cycles, broken, table.concat(told, ", "),
      percentile(checkouts, 0.5), percentile(checkouts, 0.99), percentile(cycles, 0.5), percentile(cycles, 0.99)))
end
