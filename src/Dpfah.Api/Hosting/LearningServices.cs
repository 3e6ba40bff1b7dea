using Dpfah.Learning.Encoders;
using Dpfah.Learning.Networks;

namespace Dpfah.Api.Hosting;

/// <summary>Registers the network behind the seam between pictures and codes.</summary>
internal static partial class LearningServices
{
    public static void AddDpfahEncoding(IServiceCollection services, ServiceOptions options)
    {
        ImageEncoding encoding;
        try
        {
            encoding = ImageEncoding.Prepare(options.Device, options.Decoder, options.Precision, options.Threads, options.Bits);
        }
        catch (ArgumentException error)
        {
            throw new InvalidOperationException($"The settings are not valid: {error.Message}", error);
        }

        services.AddSingleton(encoding.Previews);
        services.AddSingleton(encoding.Encoders);
        services.AddSingleton(encoding.FirstModel);
        services.AddHostedService(provider => new DeviceReport(encoding, provider.GetRequiredService<ILogger<DeviceReport>>()));
    }

    /// <summary>Tells once where the network computes, and why there.</summary>
    private sealed partial class DeviceReport(ImageEncoding encoding, ILogger<DeviceReport> logger) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            if (encoding.Device.FallbackReason is { } reason)
            {
                LogFallback(reason);
            }
            else
            {
                LogDevice(encoding.Device.ToString());
            }

            if (encoding.Precision == NetworkPrecision.BFloat16 && encoding.Device.IsCpu && !NetworkPrecisions.HasInstructions)
            {
                LogEmulated();
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        [LoggerMessage(Level = LogLevel.Information, Message = "{Reason}")]
        private partial void LogFallback(string reason);

        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "Dpfah:Precision is bf16, for which this processor has no instructions (AVX512_BF16, AMX_BF16): it is emulated, and slower than fp32.")]
        private partial void LogEmulated();

        [LoggerMessage(Level = LogLevel.Information, Message = "The network computes on {Device}.")]
        private partial void LogDevice(string device);
    }
}
