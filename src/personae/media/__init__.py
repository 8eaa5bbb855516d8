"""Files to pictures: photos, and the folders of a cast."""
