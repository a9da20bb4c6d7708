"""Locations, zones, methods and prices of delivery; tax rates; weight and tax category of books."""

from alembic import op

revision = "c8d0e2f4a696"
down_revision = "a2b4c6d8e0b0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("""
        ALTER TABLE books
            ADD COLUMN weight_grams integer CONSTRAINT ck_books_weight_grams_positive CHECK (weight_grams > 0),
            ADD COLUMN tax_category varchar(10) NOT NULL DEFAULT 'book'
                CONSTRAINT ck_books_tax_category CHECK (tax_category IN ('book', 'ebook', 'other'))
    """)
    op.execute("""
        CREATE TABLE locations (
            id serial CONSTRAINT pk_locations PRIMARY KEY,
            name varchar(100) NOT NULL,
            address jsonb,
            hours varchar(1000) NOT NULL DEFAULT '',
            ready_hours integer NOT NULL DEFAULT 24,
            position integer NOT NULL DEFAULT 0,
            is_active boolean NOT NULL DEFAULT true,
            version integer NOT NULL DEFAULT 1,
            CONSTRAINT ck_locations_ready_hours_not_negative CHECK (ready_hours >= 0)
        )
    """)
    op.execute("""
        CREATE TABLE delivery_zones (
            id serial CONSTRAINT pk_delivery_zones PRIMARY KEY,
            name varchar(100) NOT NULL CONSTRAINT uq_delivery_zones_name UNIQUE,
            version integer NOT NULL DEFAULT 1
        )
    """)
    op.execute("""
        CREATE TABLE delivery_zone_areas (
            id serial CONSTRAINT pk_delivery_zone_areas PRIMARY KEY,
            zone_id integer NOT NULL
                CONSTRAINT fk_delivery_zone_areas_zone_id_delivery_zones REFERENCES delivery_zones ON DELETE CASCADE,
            country char(2) NOT NULL CONSTRAINT ck_delivery_zone_areas_country CHECK (country ~ '^[A-Z]{2}$'),
            region text,
            postal_prefix text,
            CONSTRAINT uq_delivery_zone_areas_zone_id_country_region_postal_prefix
                UNIQUE NULLS NOT DISTINCT (zone_id, country, region, postal_prefix)
        )
    """)
    op.execute("""
        CREATE TABLE delivery_methods (
            id serial CONSTRAINT pk_delivery_methods PRIMARY KEY,
            kind varchar(10) NOT NULL,
            name varchar(100) NOT NULL,
            description varchar(500) NOT NULL DEFAULT '',
            location_id integer CONSTRAINT fk_delivery_methods_location_id_locations REFERENCES locations,
            zone_id integer CONSTRAINT fk_delivery_methods_zone_id_delivery_zones REFERENCES delivery_zones,
            free_from numeric CONSTRAINT ck_delivery_methods_free_from_not_negative CHECK (free_from >= 0),
            min_days integer,
            max_days integer,
            tracking_url varchar(500),
            position integer NOT NULL DEFAULT 0,
            is_active boolean NOT NULL DEFAULT true,
            version integer NOT NULL DEFAULT 1,
            CONSTRAINT ck_delivery_methods_kind CHECK (
                (kind = 'collect' AND location_id IS NOT NULL AND zone_id IS NULL)
                OR (kind = 'ship' AND zone_id IS NOT NULL AND location_id IS NULL)),
            CONSTRAINT ck_delivery_methods_days CHECK (min_days >= 0 AND max_days >= 0 AND min_days <= max_days)
        )
    """)
    op.execute("CREATE INDEX ix_delivery_methods_location_id ON delivery_methods (location_id)")
    op.execute("CREATE INDEX ix_delivery_methods_zone_id ON delivery_methods (zone_id)")
    op.execute("""
        CREATE TABLE delivery_prices (
            id serial CONSTRAINT pk_delivery_prices PRIMARY KEY,
            method_id integer NOT NULL
                CONSTRAINT fk_delivery_prices_method_id_delivery_methods REFERENCES delivery_methods ON DELETE CASCADE,
            up_to_grams integer CONSTRAINT ck_delivery_prices_up_to_grams_positive CHECK (up_to_grams > 0),
            price numeric NOT NULL CONSTRAINT ck_delivery_prices_price_not_negative CHECK (price >= 0),
            CONSTRAINT uq_delivery_prices_method_id_up_to_grams UNIQUE NULLS NOT DISTINCT (method_id, up_to_grams)
        )
    """)
    op.execute("""
        CREATE TABLE tax_rates (
            id serial CONSTRAINT pk_tax_rates PRIMARY KEY,
            category varchar(10) NOT NULL
                CONSTRAINT ck_tax_rates_category CHECK (category IN ('book', 'ebook', 'other')),
            country char(2) NOT NULL CONSTRAINT ck_tax_rates_country CHECK (country ~ '^[A-Z]{2}$'),
            region text,
            postal_prefix text,
            rate numeric(7, 5) NOT NULL CONSTRAINT ck_tax_rates_rate CHECK (rate BETWEEN 0 AND 1),
            valid_from date NOT NULL,
            valid_to date,
            source varchar(500) NOT NULL CONSTRAINT ck_tax_rates_source_given CHECK (source <> ''),
            version integer NOT NULL DEFAULT 1,
            CONSTRAINT ck_tax_rates_dates CHECK (valid_from < valid_to),
            CONSTRAINT ex_tax_rates_one_at_a_time EXCLUDE USING gist (
                category WITH =, country WITH =, (coalesce(region, '')) WITH =, (coalesce(postal_prefix, '')) WITH =,
                daterange(valid_from, valid_to) WITH &&)
        )
    """)
    op.execute("CREATE INDEX ix_tax_rates_country_postal_prefix ON tax_rates (country, postal_prefix)")
    op.execute("""
        WITH shop AS (INSERT INTO locations (name) VALUES ('Our shop') RETURNING id)
        INSERT INTO delivery_methods (kind, name, location_id) SELECT 'collect', 'Collect in the shop', id FROM shop
    """)


def downgrade() -> None:
    op.execute(
        "DROP TABLE tax_rates, delivery_prices, delivery_methods, delivery_zone_areas, delivery_zones, locations"
    )
    op.execute("ALTER TABLE books DROP COLUMN tax_category, DROP COLUMN weight_grams")
    op.execute("DROP EXTENSION IF EXISTS btree_gist")
