using System.Runtime.InteropServices;
using TorchSharp;

namespace Dpfah.Learning.Native;

/// <summary>Prepares the process for libtorch. A program calls it once, before its first tensor.</summary>
public static class TorchRuntime
{
    /// <summary>Sets the memory allocator, the number of threads and the convolution kernels.</summary>
    /// <param name="threads">Threads that one operation may use, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than one thread.</exception>
    /// <remarks>
    /// May be called again to change the number of threads. Two threads beside a process that holds a core are slower
    /// than one: leave a core to others where there are others.
    /// </remarks>
    public static void Initialize(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (OperatingSystem.IsLinux())
        {
            GlibcAllocator.KeepFreedMemory();
        }

        torch.set_num_threads(threads);

        // float32 means float32: NVIDIA's TF32 rounds the factors of convolutions to 10 bits.
        torch.backends.cudnn.allow_tf32 = false;
        torch.backends.cuda.matmul.allow_tf32 = false;
        if (OperatingSystem.IsLinux())
        {
            DisableNnpack();
        }
    }

    /// <summary>Gives memory back to the system that was freed; for after a network was opened or closed.</summary>
    internal static void ReturnFreedMemory()
    {
        if (OperatingSystem.IsLinux())
        {
            GlibcAllocator.ReturnFreedMemory();
        }
    }

    /// <summary>
    /// Takes NNPACK out of the choice of convolution kernels. libtorch uses it for some small inputs if it understands the
    /// processor's caches, else it writes a warning at each convolution. Without it a code does not depend on that.
    /// </summary>
    private static void DisableNnpack() => SetUserEnabledNnpack(GlobalContext(), false);

    // at::globalContext() and at::Context::setUserEnabledNNPACK(bool), as torch.backends.nnpack.set_flags of Python calls
    // them; TorchSharp does not wrap them.
    [DllImport("libtorch_cpu", EntryPoint = "_ZN2at13globalContextEv")]
    private static extern nint GlobalContext();

    [DllImport("libtorch_cpu", EntryPoint = "_ZN2at7Context20setUserEnabledNNPACKEb")]
    private static extern void SetUserEnabledNnpack(nint context, [MarshalAs(UnmanagedType.U1)] bool enabled);
}
