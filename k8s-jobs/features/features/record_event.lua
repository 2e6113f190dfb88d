-- Takes one event into its session: at once or not at all, and as often as one likes with the same
-- result. What is stored then depends on which events have been seen, not on their order.
--
-- KEYS[1]  sorted set of the session's events, "<product>:<event id>" by time
-- KEYS[2]  hash with the features of the session's latest event of this product
-- ARGV[1]  seconds until both are forgotten; 0 for never
-- ARGV[2]  time of the event, in ms since 1970
-- ARGV[3]  product
-- ARGV[4]  event id
-- ARGV[5]  time of the event as in the hash; its texts sort as times do
-- ARGV[6]  and further: names and values of the hash's other fields but activity_count
local events, features = KEYS[1], KEYS[2]
local time, product, id, timestamp = tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local prefix = string.sub(features, 1, #features - #product)

local is_new = redis.call('ZADD', events, 'NX', ARGV[2], product .. ':' .. id) == 1
local stored = redis.call('HMGET', features, 'event_timestamp', 'event_id')
local is_latest = not stored[1] or stored[1] < timestamp
  or (stored[1] == timestamp and stored[2] < id)
if not is_new and not is_latest then
  return 0
end
if is_latest then
  redis.call('HSET', features, 'event_id', id, 'event_timestamp', timestamp, unpack(ARGV, 6))
end

-- The events of the session up to the one that a hash holds, for this one and those after it.
local is_done = {}
for _, member in ipairs(redis.call('ZRANGE', events, ARGV[2], '+inf', 'BYSCORE')) do
  local other = string.match(member, '^(%d+):')
  if not is_done[other] then
    is_done[other] = true
    local latest = redis.call('HGET', prefix .. other, 'event_id')
    local at = latest and redis.call('ZSCORE', events, other .. ':' .. latest)
    if at and tonumber(at) >= time then
      redis.call('HSET', prefix .. other, 'activity_count', redis.call('ZCOUNT', events, '-inf', at))
    end
  end
end

for _, key in ipairs(KEYS) do
  if ARGV[1] == '0' then
    redis.call('PERSIST', key)
  else
    redis.call('EXPIRE', key, ARGV[1])
  end
end
return 1
