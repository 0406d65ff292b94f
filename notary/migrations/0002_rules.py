"""The tree only grows: places and checkpoints are never changed or removed, and a tile only gets longer."""

from django.db import migrations

RULES = """
CREATE TRIGGER leaf_append_only BEFORE UPDATE OR DELETE ON notary_leaf
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER leaf_no_truncate BEFORE TRUNCATE ON notary_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER checkpoint_append_only BEFORE UPDATE OR DELETE ON notary_checkpoint
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER checkpoint_no_truncate BEFORE TRUNCATE ON notary_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();

CREATE FUNCTION bihuan_tile_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.level, NEW.place) = (OLD.level, OLD.place)
        AND substring(NEW.hashes FOR length(OLD.hashes)) = OLD.hashes THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a tile of the tree only grows'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'notary_tile_append_only';
END $$;
CREATE TRIGGER tile_grows BEFORE UPDATE OR DELETE ON notary_tile FOR EACH ROW EXECUTE FUNCTION bihuan_tile_grows();
CREATE TRIGGER tile_no_truncate BEFORE TRUNCATE ON notary_tile
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
-- A key is retired once; what it was stays.
CREATE FUNCTION bihuan_key_retires() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.verifier, NEW.since) = (OLD.verifier, OLD.since)
        AND OLD.until IS NULL AND NEW.until >= OLD.since THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a key of the ledger is retired and never changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'notary_signingkey_append_only';
END $$;
CREATE TRIGGER key_retires BEFORE UPDATE OR DELETE ON notary_signingkey
    FOR EACH ROW EXECUTE FUNCTION bihuan_key_retires();
"""


class Migration(migrations.Migration):
    dependencies = [("notary", "0001_initial"), ("responsibility", "0012_ledger_sealed_and_parted")]
    operations = [migrations.RunSQL(RULES)]
