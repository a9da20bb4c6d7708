-- Dice that fall the same way in every run, and times that count back from this one.

CREATE FUNCTION pg_temp.dice(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (hashint8extended(n, salt) & 9007199254740991)::float8 / 9007199254740992::float8
$$;

-- One of 1 … sides; the greater the skew, the more often a small one.
CREATE FUNCTION pg_temp.roll(sides bigint, n bigint, salt bigint, skew float8 DEFAULT 1) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 1 + floor(sides * power(pg_temp.dice(n, salt), skew))::integer
$$;

CREATE FUNCTION pg_temp.word(words text[], n bigint, salt bigint, skew float8 DEFAULT 2) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT words[pg_temp.roll(cardinality(words), n, salt, skew)]
$$;

-- The shop opened three years ago; 0 is that day, 1 is now.
CREATE FUNCTION pg_temp.moment(share float8) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT date_trunc('milliseconds', now() - (now() - (now() - interval '3 years')) * (1 - least(share, 1)))
$$;

-- A book by its rank in the sales: some 20 000 ranks make half of them. Rank says nothing of the id.
CREATE FUNCTION pg_temp.popular_book(n bigint, salt bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_temp.roll(pg_temp.books(), pg_temp.roll(pg_temp.books(), n, salt, 3), 7)
$$;

-- Every so many accounts one belongs to staff; there are ten.
CREATE FUNCTION pg_temp.staff(n bigint, salt bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_temp.roll(10, n, salt) * (pg_temp.users() / 10)
$$;

CREATE TEMPORARY TABLE words ON COMMIT DROP AS SELECT
    string_to_array('Fantasy,Crime,Romance,History,Science,Poetry,Travel,Cooking,Art,Biography,Philosophy,Religion,'
        'Nature,Gardening,Health,Sport,Music,Theatre,Economics,Law,Medicine,Mathematics,Physics,Chemistry,Computing,'
        'Engineering,Languages,Education,Children,Young readers,Comics,Humour,Horror,Adventure,Essays,Letters,'
        'Psychology,Politics,Classics,Short stories', ',') AS genres,
    string_to_array('Anna,James,Maria,John,Jane,Peter,Ursula,Terry,Emily,Charles,Agatha,George,Virginia,Oscar,Mary,'
        'Thomas,Zoë,José,François,Günter,Søren,Astrid,Italo,Isabel,Gabriel,Haruki,Chimamanda,Arundhati,Orhan,Olga,'
        'Leo,Fyodor,Anton,Simone,Albert,Jean,Marguerite,Umberto,Elena,Primo', ',') AS first_names,
    string_to_array('Smith,Brown,Taylor,Walker,Wright,Hughes,Green,Baker,Carter,Murphy,O''Brien,McKay,Müller,Schäfer,'
        'Lefèvre,Dubois,García,Núñez,Rossi,Moretti,Åberg,Lindqvist,Novák,Kowalski,Tanaka,Okafor,Mehta,Petrov,'
        'Van Dijk,Le Guin', ',') AS last_names,
    string_to_array('Secret,Last,Lost,Little,Long,Hidden,Silent,Golden,Broken,Dark,Winter,Distant,Red,Forgotten,'
        'Burning,Invisible,Ancient,Gentle,Crooked,Restless,Paper,Glass,Salt,Blue,Hollow,Wild,Quiet,Savage,Perfect,'
        'Ordinary', ',') AS adjectives,
    string_to_array('House,Garden,Sea,River,City,Night,Road,War,Letter,Mother,Daughter,King,Island,Library,Winter,'
        'Murder,Journey,Theory,Dream,Window,Stone,Shadow,Bird,Bridge,Machine,Mountain,Orchard,Clock,Mirror,Harbour,'
        'Forest,Map,Sailor,Painter,Doctor,Thief,Saint,Wolf,Flower,Storm,Memory,Kingdom,Kitchen,Language,Train,Café,'
        'Physics,Music,History,Philosophy', ',') AS nouns;

-- A name that nobody bears: about 13 000 of them, the long tail of the vocabulary.
CREATE FUNCTION pg_temp.invented(n bigint, salt bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT initcap(
        pg_temp.word('{b,br,c,ch,d,dr,f,g,gr,h,j,k,kl,l,m,n,p,qu,r,s,sh,st,t,th,tr,v,w,y,z,el}', n, salt, 1)
        || pg_temp.word('{ala,ama,andra,ari,ast,ebe,edi,ela,emi,ero,ida,ili,imo,ino,oba,ola,ona,opi,ora,ula,una,uri}',
                        n, salt + 1, 1)
        || pg_temp.word('{ba,dor,fen,ga,lin,mar,neth,na,r,ra,ris,s,th,ton,tra,va,wyn,x,ya,zan}', n, salt + 2, 1))
$$;
