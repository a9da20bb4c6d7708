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
