using System.Text;

namespace Pipeline.Blocks.Fields;

/// <summary>The wanted paths of JSON objects as a tree of names.</summary>
internal sealed class JsonFieldNode(byte[] name, int slot)
{
    /// <summary>The field's unescaped name.</summary>
    public readonly byte[] Name = name;

    /// <summary>Where its value goes. That the slot is taken also says that the name was seen, so that the first of duplicates wins at every level.</summary>
    public readonly int Slot = slot;

    /// <summary>Wanted fields inside it.</summary>
    public JsonFieldNode[] Children = [];

    /// <summary>The wanted field of an unescaped name inside this one; null for none.</summary>
    public JsonFieldNode? Find(ReadOnlySpan<byte> name)
    {
        foreach (JsonFieldNode child in Children)
            if (name.SequenceEqual(child.Name)) return child;
        return null;
    }

    /// <summary>Makes the tree of a table. Slots behind the table's own are for objects on the way to a wanted field.</summary>
    public static JsonFieldNode Build(FieldTable table, out int slots)
    {
        var root = new JsonFieldNode([], -1);
        slots = table.Count;
        // Shorter paths first: a wanted object takes the table's slot before a path through it would give it another.
        foreach (int path in Enumerable.Range(0, table.Count).OrderBy(i => table.Paths[i].Count(c => c == '.')))
        {
            JsonFieldNode node = root;
            string[] names = table.Paths[path].Split('.');
            for (int i = 0; i < names.Length; i++)
            {
                byte[] name = Encoding.UTF8.GetBytes(names[i]);
                JsonFieldNode? next = node.Find(name);
                if (next is null)
                {
                    next = new JsonFieldNode(name, i == names.Length - 1 ? path : slots++);
                    node.Children = [.. node.Children, next];
                }
                node = next;
            }
        }
        return root;
    }
}
