ALTER TABLE "Sandbox" ADD COLUMN "used" BOOLEAN NOT NULL DEFAULT false;
UPDATE "Sandbox" SET "used" = true WHERE "learnerId" IS NOT NULL OR "asleepAt" IS NOT NULL OR "labId" <> '';
