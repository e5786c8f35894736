export default { tags: ["posts"] };
