using System.Diagnostics;
using System.Runtime.InteropServices;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Decoding;

namespace Dpfah.TestHost;

/// <summary>Makes previews, and at pictures with certain bytes ends the process or hangs, as a fault in a native decoder would.</summary>
/// <param name="maker">Makes the previews.</param>
/// <param name="isMortal">Whether it does so.</param>
internal sealed class MortalPreviewMaker(IPreviewMaker maker, bool isMortal) : IPreviewMaker
{
    /// <summary>Environment variable that makes these pictures deadly to a service.</summary>
    public const string Variable = "DPFAH_TEST_DEADLY";

    /// <summary>Argument that makes them deadly to a process that decodes, which has no environment of ours.</summary>
    public const string Argument = "--mortal";

    /// <summary>Argument in front of a path: while it exists, a process that decodes ends at its start.</summary>
    public const string BrokenArgument = "--broken";

    /// <summary>Argument that lets a process that decodes hang at its start.</summary>
    public const string HungArgument = "--hung";

    private const nint NoAddress = 16;

    /// <summary>Whether the environment asks for it.</summary>
    public static bool IsAsked { get; } = Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>How the bytes of a deadly picture end.</summary>
    public static ReadOnlySpan<byte> Sting => "DEADLY"u8;

    /// <summary>How the bytes of a picture end at which something else kills the process.</summary>
    public static ReadOnlySpan<byte> Shot => "KILLED"u8;

    /// <summary>How the bytes of a picture end that is never done.</summary>
    public static ReadOnlySpan<byte> Sleep => "ASLEEP"u8;

    /// <summary>How the bytes of a picture end that makes its process tell another size of the preview than it has.</summary>
    public static ReadOnlySpan<byte> Forged => "FORGED"u8;

    public string Decoder => maker.Decoder;

    /// <summary>The program of processes that decode.</summary>
    /// <param name="assembly">This one, where it lies beside native libraries.</param>
    /// <param name="isMortal">Whether pictures may be deadly to them.</param>
    public static DecoderProgram Program(string assembly, bool isMortal) => isMortal ? new(assembly, Argument) : new(assembly);

    public PreviewResult Make(ReadOnlyMemory<byte> imageBytes)
    {
        if (isMortal && imageBytes.Span.EndsWith(Sting))
        {
            LengthOf(NoAddress);
        }

        if (isMortal && imageBytes.Span.EndsWith(Shot))
        {
            Process.GetCurrentProcess().Kill();
        }

        if (isMortal && imageBytes.Span.EndsWith(Sleep))
        {
            Thread.Sleep(Timeout.Infinite);
        }

        PreviewResult result = maker.Make(imageBytes);
        return isMortal && imageBytes.Span.EndsWith(Forged) && result.Preview is { } preview
            ? PreviewResult.Accepted(preview with { Width = preview.Width - 1 })
            : result;
    }

    public PreviewResult Adopt(byte[] jpeg, string decoder) => maker.Adopt(jpeg, decoder);

    public bool IsSound(Preview preview) => maker.IsSound(preview);

    /// <summary>Native code that reads where nothing is: signal 11.</summary>
    [DllImport("libc", EntryPoint = "strlen")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint LengthOf(nint text);
}
