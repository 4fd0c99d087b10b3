# A static binary in an empty image, not as root. Build: docker build -t smartmail .
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/smartmail ./cmd/smartmail \
 && mkdir -p /out/data

FROM scratch
# Certificates of authorities, for TLS to a smarthost.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/smartmail /smartmail
# The volume's folder belongs to the user that the service runs as.
COPY --from=build --chown=10001:10001 /out/data /data
USER 10001:10001
VOLUME /data
WORKDIR /data
# Ports above 1024 need no rights: publish 2525 as 25.
EXPOSE 2525 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s \
  CMD ["/smartmail", "health", "--config", "/etc/smartmail/smartmail.yaml"]
ENTRYPOINT ["/smartmail"]
CMD ["serve", "--config", "/etc/smartmail/smartmail.yaml"]
