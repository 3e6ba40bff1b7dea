using Dpfah.Core.Evaluation;
using Dpfah.Core.Tests.Codes;

namespace Dpfah.Core.Tests.Evaluation;

public class NpyLabelsTests
{
    [Fact]
    public void Class_numbers_of_both_sides_share_the_higher_number_of_classes()
    {
        NpyLabels queries = Read<long>([0, 2], 2);
        NpyLabels database = Read<float>([1, 0, 69], 3);
        Assert.Equal((2, 3, true), (queries.Count, queries.Classes, queries.AreClassNumbers));
        (LabelMatrix left, LabelMatrix right) = NpyLabels.Pack(queries, database);
        Assert.Equal((70, 70), (left.Classes, right.Classes));
        Assert.Equal((true, false, true), (left.Has(0, 0), left.Has(0, 2), left.Has(1, 2)));
        Assert.Equal((true, true, true), (right.Has(0, 1), right.Has(1, 0), right.Has(2, 69)));
    }

    [Fact]
    public void Label_sets_keep_every_label()
    {
        (LabelMatrix left, LabelMatrix right) = NpyLabels.Pack(Read<byte>([1, 0, 1, 0, 0, 0], 2, 3), Read<double>([0, 1, 1], 1, 3));
        Assert.Equal([true, false, true, false, false, false], Enumerable.Range(0, 6).Select(i => left.Has(i / 3, i % 3)));
        Assert.Equal([false, true, true], Enumerable.Range(0, 3).Select(i => right.Has(0, i)));
        Assert.Equal((true, false), (left.Share(0, right, 0), left.Share(1, right, 0)));
    }

    [Fact]
    public void What_are_no_labels_is_refused_with_advice()
    {
        Refused("There are no labels", () => Read<int>([], 0));
        Refused("Label 1 is -1; a class is a whole number from 0 to 65535.", () => Read<int>([0, -1], 2));
        Refused("Label 0 is 0.5", () => Read<float>([0.5f], 1));
        Refused("Label 0 is NaN", () => Read<float>([float.NaN], 1));
        Refused("Label 0 is 65536", () => Read<int>([65536], 1));
        Refused("There are 0 classes", () => Read<int>([], 3, 0));
        Refused("Item 1 has the value 7 for class 0; label sets hold zeros and ones, and class numbers have the shape (n).", () => Read<int>([1, 7], 2, 1));
        Refused("save both alike", () => NpyLabels.Pack(Read<int>([1], 1), Read<int>([0, 1], 1, 2)));
        Refused("label sets over 1 classes, the database over 2", () => NpyLabels.Pack(Read<int>([1], 1, 1), Read<int>([0, 1], 1, 2)));
        Refused("are too many", () => NpyLabels.Pack(Read<int>([65535], 1), Read(new int[1 << 18], 1 << 18)));
    }

    private static NpyLabels Read<T>(T[] values, params int[] shape)
        where T : unmanaged => NpyLabels.Read(new MemoryStream(NpyFileTests.Bytes(values, shape)));

    private static void Refused(string message, Func<object> action) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(action).Message, StringComparison.Ordinal);
}
