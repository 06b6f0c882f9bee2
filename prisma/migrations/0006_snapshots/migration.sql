CREATE TABLE "Snapshot" (
    "cluster" TEXT NOT NULL,
    "slot" INTEGER NOT NULL,
    "labId" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "takenAt" DATETIME NOT NULL,
    "standing" TEXT NOT NULL,

    PRIMARY KEY ("cluster", "slot"),
    CONSTRAINT "Snapshot_cluster_fkey" FOREIGN KEY ("cluster") REFERENCES "Sandbox" ("cluster") ON DELETE CASCADE ON UPDATE CASCADE
);
