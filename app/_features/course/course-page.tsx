export function CoursePage() {
  return <main>Course</main>
}
