using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpfah.Learning.Inference;

/// <summary>Memory that stays in its place and starts on a cache line, so that no vector lies across two. Zeros at first.</summary>
/// <param name="length">Floats.</param>
internal sealed unsafe class AlignedFloats(nint length)
{
    /// <summary>Floats of a cache line.</summary>
    public const int Line = 16;

    private readonly float[] memory = GC.AllocateArray<float>(checked((int)length + Line), pinned: true);

    /// <summary>Floats.</summary>
    public nint Length => length;

    /// <summary>The first float; valid as long as this object is held.</summary>
    public float* Pointer
    {
        get
        {
            var address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(memory));
            const nint bytes = Line * sizeof(float);
            return (float*)((address + bytes - 1) & -bytes);
        }
    }
}
