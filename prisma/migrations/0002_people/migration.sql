-- A learner becomes a person; references follow the new name.
ALTER TABLE "Learner" RENAME TO "Person";
ALTER TABLE "Person" ADD COLUMN "isAdmin" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "Person" ADD COLUMN "isGuest" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "Person" ADD COLUMN "isLocal" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "Person" ADD COLUMN "disabledAt" DATETIME;

-- Until now there was one, on loopback.
UPDATE "Person" SET "isAdmin" = true, "isLocal" = true
WHERE "id" = (SELECT "id" FROM "Person" ORDER BY "createdAt" LIMIT 1);

CREATE TABLE "Credential" (
    "personId" TEXT NOT NULL PRIMARY KEY,
    "login" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "changedAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Credential_personId_fkey" FOREIGN KEY ("personId") REFERENCES "Person" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE UNIQUE INDEX "Credential_login_key" ON "Credential"("login");

CREATE TABLE "Login" (
    "tokenHash" TEXT NOT NULL PRIMARY KEY,
    "personId" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "seenAt" DATETIME NOT NULL,
    CONSTRAINT "Login_personId_fkey" FOREIGN KEY ("personId") REFERENCES "Person" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX "Login_personId_idx" ON "Login"("personId");

CREATE TABLE "Class" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "archivedAt" DATETIME,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "Membership" (
    "classId" TEXT NOT NULL,
    "personId" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "joinedAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY ("classId", "personId"),
    CONSTRAINT "Membership_classId_fkey" FOREIGN KEY ("classId") REFERENCES "Class" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Membership_personId_fkey" FOREIGN KEY ("personId") REFERENCES "Person" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX "Membership_personId_idx" ON "Membership"("personId");

CREATE TABLE "JoinCode" (
    "classId" TEXT NOT NULL PRIMARY KEY,
    "code" TEXT NOT NULL,
    "seatsLeft" INTEGER,
    "guests" BOOLEAN NOT NULL DEFAULT true,
    "expiresAt" DATETIME,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "JoinCode_classId_fkey" FOREIGN KEY ("classId") REFERENCES "Class" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE UNIQUE INDEX "JoinCode_code_key" ON "JoinCode"("code");
