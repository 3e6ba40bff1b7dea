using System.Runtime.InteropServices;
using TorchSharp;

namespace Dpfah.Learning.Native;

/// <summary>Prepares the process for libtorch, and says how many threads networks use.</summary>
/// <remarks>A service that computes on the CPU sets the threads alone: its kernels are in <see cref="Inference"/>, and libtorch is not loaded.</remarks>
public static class TorchRuntime
{
    private static readonly Lock Gate = new();
    private static int threadCount = Environment.ProcessorCount;
    private static bool isInitialized;

    /// <summary>Threads that one operation may use.</summary>
    public static int Threads => Volatile.Read(ref threadCount);

    /// <summary>Sets the number of threads; may be called again to change it.</summary>
    /// <param name="threads">Threads that one operation may use, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than one thread.</exception>
    /// <remarks>
    /// Two threads beside a process that holds a core are slower than one: leave a core to others where there are others.
    /// </remarks>
    public static void SetThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        lock (Gate)
        {
            Volatile.Write(ref threadCount, threads);
            if (isInitialized)
            {
                torch.set_num_threads(threads);
            }
        }
    }

    /// <summary>Loads libtorch, unless it is there, and sets its memory allocator, its number of threads and its convolution kernels.</summary>
    public static void EnsureInitialized()
    {
        lock (Gate)
        {
            if (!isInitialized)
            {
                Initialize();
                isInitialized = true;
            }
        }
    }

    /// <summary>Both. A program that computes with tensors calls it once, before its first.</summary>
    /// <inheritdoc cref="SetThreads"/>
    public static void Initialize(int threads)
    {
        SetThreads(threads);
        EnsureInitialized();
    }

    private static void Initialize()
    {
        if (OperatingSystem.IsLinux())
        {
            GlibcAllocator.KeepFreedMemory();
        }

        torch.set_num_threads(threadCount);

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
