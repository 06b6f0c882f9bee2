-- Steps keep their marks, also before they are passed. SQLite changes a column only with its table.
CREATE TABLE "new_StepResult" (
    "runId" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "credit" REAL NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "passedAt" DATETIME,
    PRIMARY KEY ("runId", "step"),
    CONSTRAINT "StepResult_runId_fkey" FOREIGN KEY ("runId") REFERENCES "LabRun" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

INSERT INTO "new_StepResult" ("runId", "step", "credit", "attempts", "passedAt")
SELECT "runId", "step", 1, 1, "passedAt" FROM "StepResult";

DROP TABLE "StepResult";

ALTER TABLE "new_StepResult" RENAME TO "StepResult";

CREATE TABLE "TypedAnswer" (
    "runId" TEXT NOT NULL,
    "answerId" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    PRIMARY KEY ("runId", "answerId"),
    CONSTRAINT "TypedAnswer_runId_fkey" FOREIGN KEY ("runId") REFERENCES "LabRun" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
