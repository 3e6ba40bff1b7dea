namespace Dpfah.Learning.Inference;

/// <summary>The numbers of rows that a block of <see cref="ProductKernel"/> can have.</summary>
internal static class RowCount
{
    internal readonly struct One : IRowCount
    {
        public static int Count => 1;
    }

    internal readonly struct Two : IRowCount
    {
        public static int Count => 2;
    }

    internal readonly struct Three : IRowCount
    {
        public static int Count => 3;
    }

    internal readonly struct Four : IRowCount
    {
        public static int Count => 4;
    }

    internal readonly struct Five : IRowCount
    {
        public static int Count => 5;
    }

    internal readonly struct Six : IRowCount
    {
        public static int Count => 6;
    }
}
