-- Accounts: ten of staff, one in a hundred deactivated. They came evenly over the years.

INSERT INTO users (id, email, hashed_password, role, is_active, created_at, display_name, email_verified_at)
SELECT n, 'reader' || n || '@example.com', pg_temp.password_hash(),
       CASE WHEN n % (pg_temp.users() / 10) = 0 THEN 'ADMIN' ELSE 'USER' END::userrole,
       n % (pg_temp.users() / 10) = 0 OR pg_temp.dice(n, 100) > 0.01,
       joined_at,
       CASE WHEN pg_temp.dice(n, 101) < 0.7
            THEN pg_temp.word(first_names, n, 102) || ' ' || left(pg_temp.word(last_names, n, 103), 1) || '.' END,
       CASE WHEN pg_temp.dice(n, 104) < 0.9 THEN joined_at + interval '10 minutes' END
FROM generate_series(1, pg_temp.users()) AS n
CROSS JOIN LATERAL (SELECT pg_temp.moment(n::float8 / pg_temp.users()) AS joined_at) AS joined
CROSS JOIN words;

INSERT INTO refresh_tokens (token_hash, token_family, user_id, expires_at, session_expires_at, created_at)
SELECT encode(sha256(convert_to('token ' || id, 'UTF8')), 'hex'), md5('session ' || id)::uuid, id,
       now() + interval '7 days' * pg_temp.dice(id, 110), now() + interval '30 days' * pg_temp.dice(id, 110),
       now() - interval '5 days' * pg_temp.dice(id, 111)
FROM users WHERE is_active AND pg_temp.dice(id, 112) < 0.5;

-- Their sign-ins of the last 90 days, which is as long as these are kept; one in eight was refused.
INSERT INTO security_events (kind, user_id, network, device, detail, created_at, last_at)
SELECT CASE WHEN refused THEN 'sign_in_failed' ELSE 'signed_in' END, user_id,
       ('198.18.' || pg_temp.roll(256, n, 120, 2) - 1 || '.0/24')::cidr,
       pg_temp.word('{Chrome on Windows,Safari on iPhone,Firefox on Linux,App or script}', n, 121),
       CASE WHEN refused THEN '{"reason": "wrong_password"}' ELSE '{"way": "password", "client": "browser"}' END::jsonb,
       happened_at, happened_at
FROM (
    SELECT n, pg_temp.roll(pg_temp.users(), n, 122, 2) AS user_id, pg_temp.dice(n, 123) < 0.125 AS refused,
           now() - interval '90 days' * (1 - n::float8 / (4 * pg_temp.users())) AS happened_at
    FROM generate_series(1, 4 * pg_temp.users()) AS n
) AS sign_ins;
