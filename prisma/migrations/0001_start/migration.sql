CREATE TABLE "Learner" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE "LabRun" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "learnerId" TEXT NOT NULL,
    "labId" TEXT NOT NULL,
    "step" INTEGER NOT NULL DEFAULT 1,
    "reached" INTEGER NOT NULL DEFAULT 1,
    "entered" INTEGER NOT NULL DEFAULT 0,
    "before" TEXT NOT NULL DEFAULT '{}',
    "done" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "touchedAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "LabRun_learnerId_fkey" FOREIGN KEY ("learnerId") REFERENCES "Learner" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE UNIQUE INDEX "LabRun_learnerId_labId_key" ON "LabRun"("learnerId", "labId");

CREATE TABLE "StepResult" (
    "runId" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "passedAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY ("runId", "step"),
    CONSTRAINT "StepResult_runId_fkey" FOREIGN KEY ("runId") REFERENCES "LabRun" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "Answer" (
    "runId" TEXT NOT NULL,
    "questionId" TEXT NOT NULL,
    "choice" INTEGER NOT NULL,
    "correct" BOOLEAN NOT NULL,
    "answeredAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY ("runId", "questionId"),
    CONSTRAINT "Answer_runId_fkey" FOREIGN KEY ("runId") REFERENCES "LabRun" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "HintOpened" (
    "runId" TEXT NOT NULL,
    "hintId" TEXT NOT NULL,
    "openedAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY ("runId", "hintId"),
    CONSTRAINT "HintOpened_runId_fkey" FOREIGN KEY ("runId") REFERENCES "LabRun" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "Sandbox" (
    "cluster" TEXT NOT NULL PRIMARY KEY,
    "learnerId" TEXT,
    "kind" TEXT NOT NULL,
    "labId" TEXT NOT NULL DEFAULT '',
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Sandbox_learnerId_fkey" FOREIGN KEY ("learnerId") REFERENCES "Learner" ("id") ON DELETE SET NULL ON UPDATE CASCADE
);

CREATE UNIQUE INDEX "Sandbox_learnerId_key" ON "Sandbox"("learnerId");
