CREATE TABLE "Hand" (
    "personId" TEXT NOT NULL PRIMARY KEY,
    "words" TEXT NOT NULL,
    "since" DATETIME NOT NULL,
    "takenBy" TEXT NOT NULL,
    CONSTRAINT "Hand_personId_fkey" FOREIGN KEY ("personId") REFERENCES "Person" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
