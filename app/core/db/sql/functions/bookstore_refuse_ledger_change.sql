-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_refuse_ledger_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1
       AND (NEW.book_id IS NULL OR NEW.book_id = OLD.book_id)
       AND (NEW.order_id IS NULL OR NEW.order_id = OLD.order_id)
       AND (NEW.actor_user_id IS NULL OR NEW.actor_user_id = OLD.actor_user_id)
       AND to_jsonb(NEW) - 'book_id' - 'order_id' - 'actor_user_id'
         = to_jsonb(OLD) - 'book_id' - 'order_id' - 'actor_user_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'stock_movements is append-only' USING ERRCODE = 'restrict_violation';
END
$function$;
