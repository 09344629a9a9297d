// Each is one atomic step: Redis runs nothing else meanwhile. Keys of one name lie on one Redis; a Redis Cluster is not supported.

/** Puts a claim in place of what was read (ARGV[1], '' for nothing), if that is still there; returns what is there then. */
export const CLAIM = `
local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return there end
local time = redis.call('TIME')
local claim = string.format('c %.0f %s', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[2])
redis.call('SET', KEYS[1], claim, 'PX', ARGV[3])
return claim`;

/** Puts a head (ARGV[2]) and its body (ARGV[4], if there is one) in place of the claim that it was made under, if that still stands. */
export const KEEP = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[4] then redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[3] + 1000) end
return 1`;

/** For each key two versions, of account and status: drops what may be older, claims too. Returns how many went. */
export const RAISE = `
local dropped = 0
for i, key in ipairs(KEYS) do
  local head = redis.call('GET', key)
  if head then
    local account, status = string.match(head, '^d %d+ (%d+)%.(%d+) ')
    if not account or tonumber(account) < tonumber(ARGV[2 * i - 1]) or tonumber(status) < tonumber(ARGV[2 * i]) then
      dropped = dropped + redis.call('DEL', key)
    end
  end
end
return dropped`;
