ALTER TABLE "Class" ADD COLUMN "openLabId" TEXT NOT NULL DEFAULT '';

CREATE TABLE "Note" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "classId" TEXT NOT NULL,
    "toId" TEXT,
    "from" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "labId" TEXT NOT NULL DEFAULT '',
    "createdAt" DATETIME NOT NULL,
    "endedAt" DATETIME,
    CONSTRAINT "Note_classId_fkey" FOREIGN KEY ("classId") REFERENCES "Class" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "Note_toId_fkey" FOREIGN KEY ("toId") REFERENCES "Person" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX "Note_classId_idx" ON "Note" ("classId");

CREATE INDEX "Note_toId_idx" ON "Note" ("toId");
