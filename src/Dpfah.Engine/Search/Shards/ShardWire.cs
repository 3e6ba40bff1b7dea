using System.Runtime.InteropServices;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Engine.Search.Shards;

/// <summary>Queries to a shard and its answers as bytes. Both ends are nodes of one version: a reader finds what it does not know by the mark in front.</summary>
internal static class ShardWire
{
    private const byte Mark = 1;

    /// <summary>Writes queries to one collection. A filter that several of them share is written once.</summary>
    public static byte[] Write(IReadOnlyList<IndexQuery<IndexedItem>> queries)
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Mark);
        List<ItemFilter> filters = [.. queries.Select(query => query.Filter).OfType<ItemFilter>().Distinct(ReferenceEqualityComparer.Instance).Cast<ItemFilter>()];
        writer.Write7BitEncodedInt(filters.Count);
        filters.ForEach(filter => filter.Write(writer));
        writer.Write7BitEncodedInt(queries.Count);
        foreach (IndexQuery<IndexedItem> query in queries)
        {
            Write(writer, query.Code);
            Write(writer, query.Signature ?? default);
            writer.Write7BitEncodedInt(query.Weights?.Count ?? 0);
            foreach (ushort weight in query.Weights ?? [])
            {
                writer.Write(weight);
            }

            writer.Write7BitEncodedInt(query.K);
            writer.Write(query.Radius ?? -1);
            writer.Write7BitEncodedInt(query.Filter is null ? 0 : 1 + filters.FindIndex(filter => ReferenceEquals(filter, query.Filter)));
            writer.Write(query.Exclude ?? -1);
            writer.Write(query.After is not null);
            if (query.After is { } after)
            {
                Write(writer, after.Distance, after.WeightedDistance, after.FineDistance, after.Id);
            }
        }

        return bytes.ToArray();
    }

    /// <summary>Reads queries.</summary>
    /// <exception cref="InvalidDataException">They are of another version.</exception>
    public static IndexQuery<IndexedItem>[] ReadQueries(byte[] bytes)
    {
        using BinaryReader reader = Open(bytes);
        var filters = new ItemFilter[reader.Read7BitEncodedInt()];
        for (int i = 0; i < filters.Length; i++)
        {
            filters[i] = ItemFilter.Read(reader);
        }

        var queries = new IndexQuery<IndexedItem>[reader.Read7BitEncodedInt()];
        for (int i = 0; i < queries.Length; i++)
        {
            BinaryCode code = ReadCode(reader), signature = ReadCode(reader);
            var weights = new ushort[reader.Read7BitEncodedInt()];
            for (int bit = 0; bit < weights.Length; bit++)
            {
                weights[bit] = reader.ReadUInt16();
            }

            int k = reader.Read7BitEncodedInt(), radius = reader.ReadInt32(), filter = reader.Read7BitEncodedInt();
            long exclude = reader.ReadInt64();
            RankKey? after = null;
            if (reader.ReadBoolean())
            {
                (int distance, int? weighted, int? fine, long number) = ReadPlace(reader);
                after = new RankKey(distance, fine, number, weighted);
            }

            queries[i] = new IndexQuery<IndexedItem>
            {
                Code = code,
                Signature = signature.Bits == 0 ? null : signature,
                Weights = weights.Length == 0 ? null : weights,
                K = k,
                Radius = radius < 0 ? null : radius,
                Filter = filter == 0 ? null : filters[filter - 1],
                Exclude = exclude < 0 ? null : exclude,
                After = after,
            };
        }

        return queries;
    }

    /// <summary>Writes answers.</summary>
    /// <param name="answers">One for each query.</param>
    /// <param name="field">A field whose values go with each neighbor; null for none.</param>
    public static byte[] Write(IReadOnlyList<IndexAnswer<IndexedItem>> answers, string? field)
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Mark);
        writer.Write(field is not null);
        if (field is not null)
        {
            writer.Write(field);
        }

        writer.Write7BitEncodedInt(answers.Count);
        foreach (IndexAnswer<IndexedItem> answer in answers)
        {
            writer.Write(answer.Next is not null);
            writer.Write7BitEncodedInt(answer.Counts.Count);
            foreach (long count in answer.Counts)
            {
                writer.Write7BitEncodedInt64(count);
            }

            writer.Write7BitEncodedInt(answer.Neighbors.Count);
            foreach (Neighbor<IndexedItem> neighbor in answer.Neighbors)
            {
                Write(writer, neighbor.Distance, neighbor.WeightedDistance, neighbor.FineDistance, neighbor.Id);
                writer.Write(neighbor.Item.PublicId);
                writer.Write7BitEncodedInt(neighbor.Item.Labels.Count);
                foreach (string label in neighbor.Item.Labels)
                {
                    writer.Write(label);
                }

                if (field is not null)
                {
                    WriteField(writer, field, neighbor.Item.Fields);
                }
            }
        }

        return bytes.ToArray();
    }

    /// <summary>Reads answers; their items have the field that was asked for, and no other.</summary>
    /// <exception cref="InvalidDataException">They are of another version.</exception>
    public static IndexAnswer<IndexedItem>[] ReadAnswers(byte[] bytes)
    {
        using BinaryReader reader = Open(bytes);
        string? field = reader.ReadBoolean() ? reader.ReadString() : null;
        var answers = new IndexAnswer<IndexedItem>[reader.Read7BitEncodedInt()];
        for (int i = 0; i < answers.Length; i++)
        {
            bool hasMore = reader.ReadBoolean();
            var counts = new long[reader.Read7BitEncodedInt()];
            for (int distance = 0; distance < counts.Length; distance++)
            {
                counts[distance] = reader.Read7BitEncodedInt64();
            }

            var neighbors = new Neighbor<IndexedItem>[reader.Read7BitEncodedInt()];
            for (int n = 0; n < neighbors.Length; n++)
            {
                (int distance, int? weighted, int? fine, long number) = ReadPlace(reader);
                string id = reader.ReadString();
                var labels = new string[reader.Read7BitEncodedInt()];
                for (int l = 0; l < labels.Length; l++)
                {
                    labels[l] = reader.ReadString();
                }

                var properties = new ItemProperties(labels, field is null ? [] : ReadField(reader, field));
                neighbors[n] = new Neighbor<IndexedItem>(number, distance, weighted, fine, new IndexedItem(id, properties));
            }

            answers[i] = AnswerMerge.Answer(neighbors, counts, hasMore);
        }

        return answers;
    }

    private static BinaryReader Open(byte[] bytes)
    {
        var reader = new BinaryReader(new MemoryStream(bytes));
        return reader.ReadByte() == Mark ? reader : throw new InvalidDataException("A node of another version asks or answers: bring all nodes to one version.");
    }

    private static void Write(BinaryWriter writer, BinaryCode code)
    {
        writer.Write7BitEncodedInt(code.Bits);
        writer.Write(MemoryMarshal.AsBytes(code.Words));
    }

    private static BinaryCode ReadCode(BinaryReader reader)
    {
        int bits = reader.Read7BitEncodedInt();
        if (bits == 0)
        {
            return default;
        }

        BinaryCode.ThrowIfInvalidLength(bits);
        Span<ulong> words = stackalloc ulong[BinaryCode.WordsFor(bits)];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(words));
        return BinaryCode.FromWords(words, bits);
    }

    private static void Write(BinaryWriter writer, int distance, int? weighted, int? fine, long number)
    {
        writer.Write7BitEncodedInt(distance);
        writer.Write(weighted ?? -1);
        writer.Write(fine ?? -1);
        writer.Write(number);
    }

    private static (int Distance, int? Weighted, int? Fine, long Number) ReadPlace(BinaryReader reader)
    {
        int distance = reader.Read7BitEncodedInt(), weighted = reader.ReadInt32(), fine = reader.ReadInt32();
        return (distance, weighted < 0 ? null : weighted, fine < 0 ? null : fine, reader.ReadInt64());
    }

    private static void WriteField(BinaryWriter writer, string field, ReadOnlySpan<ItemField> fields)
    {
        int count = 0;
        foreach (ItemField own in fields)
        {
            count += own.Name == field ? 1 : 0;
        }

        writer.Write7BitEncodedInt(count);
        foreach (ItemField own in fields)
        {
            if (own.Name == field)
            {
                own.Value.Write(writer);
            }
        }
    }

    private static ItemField[] ReadField(BinaryReader reader, string field)
    {
        var fields = new ItemField[reader.Read7BitEncodedInt()];
        for (int i = 0; i < fields.Length; i++)
        {
            fields[i] = new ItemField(field, FieldValue.Read(reader));
        }

        return fields;
    }
}
